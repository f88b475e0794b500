import Certificates
import Crypto
import EtcdProcess
import FoundationEssentials
import Glibc
import GlusterModel
import Logging
import SwiftASN1
import Synchronization
import X509

/// What this node's etcd is to be: the record, the role file made of it, and etcd's end when it has
/// to become another. One change at a time.
actor MemberRole {
    private let configuration: StoreConfiguration
    private let certificates: EtcdCertificates
    private let own: ClusterCertificates
    private let identity: NodeIdentity
    private let log: Logger
    private let life: EtcdLife
    /// The key that ``prepare()`` made, until its certificate comes.
    private var pendingKey: Certificate.PrivateKey?
    private(set) var record: MemberRecord?
    /// When etcd was last ended only to start with other arguments.
    private var restartedAt: ContinuousClock.Instant?
    /// Called before a running etcd is ended only to start with other arguments.
    private var beforeRestart: @Sendable () async -> Void = {}

    init(
        _ configuration: StoreConfiguration, _ identity: NodeIdentity,
        local certificates: EtcdCertificates, cluster own: ClusterCertificates, log: Logger
    ) throws {
        self.configuration = configuration
        self.identity = identity
        self.certificates = certificates
        self.own = own
        self.log = log
        life = EtcdLife(stateDirectory: configuration.stateDirectory)
        record = try MemberRecord.load(configuration.stateDirectory, cluster: identity.cluster)
    }

    func callBeforeRestart(_ body: @escaping @Sendable () async -> Void) { beforeRestart = body }

    /// Whether etcd was just ended to start with other arguments.
    var isStartingAnew: Bool { restartedAt.map { .now - $0 < Limits.etcdStart } ?? false }

    private var roleFile: String {
        StoreDaemon.roleFile(stateDirectory: configuration.stateDirectory)
    }

    /// At the start: the first member of a cluster that this node founded, or what it was told.
    func begin() async throws {
        if configuration.isExternal || identity.externalEtcd != nil {
            // What an etcd of our own has is left alone until the external one is known to have it.
            if record?.member == nil || identity.externalEtcd != nil { try await becomeExternal() }
            return
        }
        if record == nil, !identity.hasJoined {
            let url = configuration.peerURL
            // Where the store has had the cluster the record is lost, and not the first one.
            let isLost = identity.hasStore == true
            record = MemberRecord(
                cluster: identity.cluster, member: 0, peerURL: url,
                initialCluster: ["\(identity.peer)=\(url)"], joins: false, isAlone: true,
                dataDirectory: (isLost ? onlyData : nil) ?? "etcd",
                digest: MembershipKeeper.digestOfFounder,
                clusterToken: identity.cluster.description, trust: try own.freezeMemberTrust())
            if isLost { record?.hasRun = true }
            // From here on there may be data, whatever the settings are at the next start.
            try record?.save(configuration.stateDirectory)
        }
        try await apply(endingRunning: identity.hasJoined)
    }

    /// An external etcd has the cluster: none runs here, and what one had is put aside.
    func becomeExternal() async throws {
        if record?.member != nil {
            record?.member = nil
            record?.digest = ""
            try record?.save(configuration.stateDirectory)
        }
        let place =
            configuration.isExternal
            ? "at \(configuration.etcdEndpoints.joined(separator: ", "))"
            : "that other nodes speak to"
        try RoleFile(absence: "no etcd runs on this node: the store is the external etcd \(place)")
            .save(to: roleFile)
        await life.end()
        try putAside(except: nil)
    }

    /// A new key for the certificate that other members know this one by, and its URL.
    func prepare() throws -> (publicKey: String, url: String) {
        let key = KeyPair.newKey()
        pendingKey = key
        return (try key.publicKey.serializeAsPEM().pemString, configuration.peerURL)
    }

    /// What a leader says that this node is to run.
    struct Assignment: Sendable {
        var member: UInt64
        var initialCluster: [String]
        var certificate: String
        var memberAuthority: (certificate: String, key: String)
        var nodeAuthority: (certificates: String, key: String)
        /// Those that take over in an exchange; empty: none runs.
        var nextMemberAuthority: (certificate: String, key: String)
        var nextNodeAuthority: (certificate: String, key: String)
        var digest: String
        var clusterToken: String
        var isAlone: Bool
        /// Whether the member has run, here or as another machine that was this peer then.
        var isStarted: Bool
    }

    func run(_ assignment: Assignment) async throws {
        if assignment.member == record?.discarded { throw StoreServiceError.discarded }
        let isSame = record?.member == assignment.member || record?.member == 0
        // The leader looked before another machine became this peer.
        if assignment.isStarted, !isSame { throw StoreServiceError.otherData }
        guard let key = pendingKey else {
            throw StoreServiceError.notPrepared
        }
        let pair = KeyPair(
            certificate: try Certificate(pemEncoded: assignment.certificate), key: key)
        guard pair.certificate.publicKey == key.publicKey else { throw CertificateError.otherKey }
        try take(assignment, isMember: isSame && record?.member != nil)
        try pair.save(own.directory, "peer")
        pendingKey = nil
        var next =
            isSame && record != nil
            ? record
            : MemberRecord(
                cluster: identity.cluster, member: nil, peerURL: "", initialCluster: [],
                joins: true, isAlone: false,
                dataDirectory: "etcd-" + String(assignment.member, radix: 16),
                digest: "", clusterToken: "", trust: try own.freezeMemberTrust())
        next?.member = assignment.member
        next?.initialCluster = assignment.initialCluster
        next?.digest = assignment.digest
        next?.peerURL = configuration.peerURL
        next?.isAlone = assignment.isAlone
        if !isSame { next?.clusterToken = assignment.clusterToken }
        record = next
        try next?.save(configuration.stateDirectory)
        try await apply(endingRunning: false)
        log.notice(
            "member of the store", metadata: ["member": "\(String(assignment.member, radix: 16))"])
    }

    /// The authorities of an assignment. A member goes on to trust whom it trusts: what it trusts
    /// no more it learns from the store.
    private func take(_ assignment: Assignment, isMember: Bool) throws {
        for (name, bundle, key) in [
            ("node-ca", assignment.nodeAuthority.certificates, assignment.nodeAuthority.key),
            ("peer-ca", assignment.memberAuthority.certificate, assignment.memberAuthority.key),
        ] {
            let given = try CertificateBundle.parse(bundle)
            let kept = isMember || name == "node-ca" ? own.roots(name) : []
            let roots = kept + given.filter { !kept.contains($0) }
            if roots != own.roots(name) { _ = try own.trust(name, roots) }
            try TextFile.write(own.path(name + ".key"), key)
        }
        for (name, next) in [
            ("node-ca", assignment.nextNodeAuthority), ("peer-ca", assignment.nextMemberAuthority),
        ] { try own.keepNext(name, certificate: next.certificate, key: next.key) }
    }

    /// Starts etcd anew where it trusts others than `trusted`, which its files have to say.
    func restart(trusting trusted: Set<String>) async throws {
        guard record?.member != nil else { return }
        guard own.fingerprints(own.roots("peer-ca")) == trusted else {
            throw StoreServiceError.otherTrust
        }
        record?.trust = try own.freezeMemberTrust()
        try record?.save(configuration.stateDirectory)
        log.notice("etcd is started anew to trust other authorities")
        try await apply(endingRunning: false)
        if runningTrust != trusted { await startAnew() }
        if let file = record?.trust { try own.dropMemberTrust(except: file) }
    }

    /// The authorities that the running etcd takes other members' certificates from; empty: none
    /// runs, or it is not known.
    var runningTrust: Set<String> {
        guard let word = life.runningTrustFile,
            word.hasSuffix(".pem"), !word.hasSuffix("/peer-ca.pem")
        else { return [] }
        return own.fingerprints(CertificateBundle.read(word))
    }

    /// This node runs no member any more; what it had is put aside.
    func stop() async throws {
        guard record?.member != nil else { return }
        record?.member = nil
        record?.digest = ""
        try record?.save(configuration.stateDirectory)
        try await apply(endingRunning: true)
        log.notice("no member of the store any more")
    }

    /// Gives up the data of this node's etcd, which another machine went on with meanwhile: votes
    /// that it does not remember would break what the others rely on. The leader takes the member
    /// out and adds a new one.
    func discard() async throws {
        guard let member = record?.member, member != 0 else { return }
        record?.discarded = member
        try await stop()
    }

    /// Makes the role file say what the record says. etcd is ended when what it runs with changes;
    /// its unit starts it anew.
    private func apply(endingRunning: Bool) async throws {
        guard let record, record.member != nil else {
            unlink(roleFile)
            if endingRunning { await life.end() }
            try putAside(except: nil)
            return
        }
        let running = EtcdRunner.runningRole(stateDirectory: configuration.stateDirectory)
        let old = readRole() ?? running
        let new = role(of: record)
        try new.save(to: roleFile)
        let matters = { (file: RoleFile?) in
            file?.arguments.filter { !$0.hasPrefix("--initial-cluster") }
        }
        let trustsAnother =
            running?.clientAuthority.map { $0 != new.clientAuthority } ?? false
        if trustsAnother { log.notice("etcd is started anew to trust gd2-store") }
        if old != nil, matters(old) != matters(new) || trustsAnother {
            await beforeRestart()
            await startAnew()
        }
        try putAside(except: record.dataDirectory)
    }

    private func role(of record: MemberRecord) -> RoleFile {
        RoleFile(
            binary: configuration.etcdBinary, arguments: words(record),
            hasRun: record.hasRun == true, clientAuthority: certificates.authority)
    }

    /// Nil when there is none, or it is damaged: it is made of what is known otherwise.
    private func readRole() -> RoleFile? {
        do { return try RoleFile.load(from: roleFile) } catch {
            log.warning(
                "role file not readable, written anew",
                metadata: ["file": "\(roleFile)", "error": "\(error)"])
            return nil
        }
    }

    /// Writes the role file anew where it was damaged.
    func mendRoleFile() throws {
        guard let record, record.member != nil, EtcdRunner.isDamaged(roleFile) else { return }
        try role(of: record).save(to: roleFile)
        log.warning("role file not readable, written anew", metadata: ["file": "\(roleFile)"])
    }

    // MARK: Its data

    /// Name of the one folder that has data of etcd's; nil: there is none, or more than one.
    private var onlyData: String? {
        let folder = configuration.stateDirectory
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let data = names.filter { name in
            (name == "etcd" || name.hasPrefix("etcd-")) && EtcdData.isThere(folder + "/" + name)
        }
        return data.count == 1 ? data[0] : nil
    }

    /// Why no etcd is started here: the member has run, and its data is gone.
    var dataLoss: String? {
        guard let record, record.member != nil, !life.runs else { return nil }
        return role(of: record).loss
    }

    /// etcd answers as `member`: from here on it is not started without its data.
    func noteRun(of member: UInt64) throws {
        guard var next = record, let own = next.member, own == member || own == 0,
            next.hasRun != true,
            EtcdData.isThere(configuration.stateDirectory + "/" + next.dataDirectory)
        else { return }
        next.hasRun = true
        try next.save(configuration.stateDirectory)
        record = next
        try role(of: next).save(to: roleFile)
    }

    /// Ends etcd, which its unit starts anew.
    private func startAnew() async {
        restartedAt = .now
        await life.end()
    }

    private func words(_ record: MemberRecord) -> [String] {
        EtcdArguments(
            name: identity.peer.description, clusterToken: record.clusterToken,
            dataDirectory: configuration.stateDirectory + "/" + record.dataDirectory,
            clientAddress: configuration.etcdClientAddress,
            peerListenAddress: configuration.etcdPeerAddress, peerURL: record.peerURL,
            initialCluster: record.initialCluster, joins: record.joins,
            isAlone: record.isAlone,
            quotaBytes: configuration.etcdQuotaBytes, certificates: certificates,
            peerCertificates: own.directory, peerTrust: record.trust ?? "peer-ca.pem"
        ).words
    }

    /// Data of members that this node runs no more: the newest is kept, the others go.
    private func putAside(except current: String?) throws {
        let folder = configuration.stateDirectory
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name == "etcd" || name.hasPrefix("etcd-") {
            guard name != current else { continue }
            let aside = folder + "/aside"
            try? FileManager.default.removeItem(atPath: aside)
            try FileManager.default.moveItem(atPath: folder + "/" + name, toPath: aside)
            log.notice("old data of the store put aside", metadata: ["folder": "\(aside)"])
        }
    }
}
