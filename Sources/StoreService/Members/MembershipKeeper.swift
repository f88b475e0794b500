import Certificates
import EtcdAPI
import FoundationEssentials
import GRPCCore
import GlusterModel
import Logging
import Membership
import Metrics
import NodeAPI
import ServiceLifecycle
import StoreAPI
import SwiftASN1
import SwiftProtobuf
import Synchronization
import X509

/// On the node whose etcd leads: makes the members be what the planner says, one step at a time.
final class MembershipKeeper: Service {
    let node: NodeParts
    let etcd: EtcdConnection
    let liveness: Liveness
    private let store: UpstreamStore
    private let list: MemberList
    /// When a member was first seen not to answer.
    private var unhealthySince: [UInt64: ContinuousClock.Instant] {
        get { memory.withLock { $0.unhealthySince } }
        set { memory.withLock { $0.unhealthySince = newValue } }
    }
    private struct Memory {
        var unhealthySince: [UInt64: ContinuousClock.Instant] = [:]
        var plan = "this node's etcd does not lead: another node plans"
        var logged = ""
        var leads = false
        var isSettled = false
    }
    private let memory = Mutex(Memory())

    init(node: NodeParts, etcd: EtcdConnection, liveness: Liveness, store: UpstreamStore) {
        self.node = node
        self.etcd = etcd
        self.liveness = liveness
        self.store = store
        list = MemberList {
            var options = EtcdConnection.options
            options.timeout = Limits.upstreamLook
            return try await etcd.cluster.memberList(.init(), options: options).members
        }
    }

    var plan: String { memory.withLock { $0.plan } }
    var leads: Bool { memory.withLock { $0.leads } }
    /// Whether, by the last look, the members are as they should be, or nothing can be done now.
    var isSettled: Bool { memory.withLock { $0.isSettled } }

    var settings: MembershipSettings {
        MembershipSettings(
            votersMax: node.configuration.votersMax,
            replaceAfter: .seconds(node.configuration.replaceVoterAfterSeconds))
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await self.look() } catch { self.failed(error) }
                do { try await Task.sleep(for: Limits.membershipEvery) } catch { return }
            }
        }
    }

    private func failed(_ error: any Error) {
        let text = (error as? RPCError)?.message ?? "\(error)"
        let isNews = memory.withLock { memory in
            memory.plan = text
            memory.isSettled = false
            guard memory.leads, memory.logged != text else { return false }
            memory.logged = text
            return true
        }
        if isNews { node.log.warning("members not changed", metadata: ["error": "\(text)"]) }
    }

    private func look() async throws {
        guard await node.role.record?.member != nil else { return lead(false) }
        var options = EtcdConnection.options
        options.timeout = Limits.upstreamLook
        guard let status = try? await etcd.maintenance.status(.init(), options: options),
            status.leader == status.header.memberID, status.leader != 0
        else { return lead(false) }
        lead(true)
        let listed = try await list.members(at: status)
        let members = members(listed, leader: status.leader)
        if let refusal = node.schema.refusal {
            say(refusal)
            return try await giveLeadAway(members)
        }
        // Nobody takes it for ready before the first member, which starts anew now, is back.
        let isPending = await takesUsualTimes(members)
        if !isPending { try await publish(members) }
        do { if try await converge(members, listed) { return settle(false) } } catch {
            if isPending { try await publish(members) }
            throw error
        }
        let candidates = candidates()
        let step = MembershipPlan.next(
            members: members, candidates: candidates, settings: settings)
        try await carryOut(step, listed)
        settle(step.isIdle)
        try await Removals(node: node, liveness: liveness, store: store).finish { peer in
            members.contains { $0.peer == peer }
        }
    }

    private func lead(_ leads: Bool) {
        liveness.setLeads(leads)
        memory.withLock { memory in
            memory.leads = leads
            if !leads { memory.isSettled = false }
            if !leads { memory.plan = "this node's etcd does not lead: another node plans" }
        }
    }

    private func settle(_ isSettled: Bool) { memory.withLock { $0.isSettled = isSettled } }

    // MARK: What is

    private func members(
        _ listed: [Etcdserverpb_Member], leader: UInt64
    ) -> [Membership.Member] {
        let now = ContinuousClock.now
        var since = unhealthySince
        let members = listed.map { member in
            let peer = owner(of: member)
            let isHealthy = peer.map { isServing($0, member.id) } ?? false
            if isHealthy {
                since[member.id] = nil
            } else if since[member.id] == nil {
                since[member.id] = now
            }
            return Membership.Member(
                id: member.id, peer: peer, isLearner: member.isLearner,
                isLeader: member.id == leader, isStarted: !member.name.isEmpty,
                isHealthy: isHealthy, unhealthyFor: since[member.id].map { now - $0 } ?? .zero,
                isGivenUp: peer.map { hasNothing(of: member, $0) } ?? false)
        }
        let ids = Set(listed.map(\.id))
        unhealthySince = since.filter { ids.contains($0.key) }
        return members
    }

    /// A member that ran must not run without the data that it had, whichever one it was whose
    /// data its node has given up.
    private func hasNothing(of member: Etcdserverpb_Member, _ peer: PeerID) -> Bool {
        let seen = liveness.of(peer)
        return peer != node.own && seen.discarded != 0 && seen.member == 0 && !member.name.isEmpty
    }

    func isServing(_ peer: PeerID, _ member: UInt64) -> Bool {
        if peer == node.own { return true }
        let seen = liveness.of(peer)
        return seen.isReachable && seen.memberRuns && seen.member == member
    }

    /// By the name, which a member has once it has started; before that by its URL's host.
    private func owner(of member: Etcdserverpb_Member) -> PeerID? {
        if let peer = PeerID(member.name) { return node.peers.knows(peer) ? peer : nil }
        if let known = liveness.all.first(where: { $0.value.member == member.id }) {
            return known.key
        }
        if let known = node.peers.members.members.first(where: { $0.id == member.id }) {
            return known.peer
        }
        let hosts = member.peerUrls.compactMap { url in
            HostPort(String(url.drop { $0 != "/" }.drop { $0 == "/" }), defaultPort: 2_380)?.host
        }
        return node.peers.peers.values.first { !Set($0.addresses).isDisjoint(with: hosts) }?.id
    }

    func candidates() -> [Candidate] {
        let now = ContinuousClock.now
        let leaving = node.peers.leaving
        return node.peers.peers.values.map { peer in
            let seen = liveness.of(peer.id)
            let isOwn = peer.id == node.own
            return Candidate(
                peer: peer.id, name: peer.name, isReachable: isOwn || seen.isReachable,
                unreachableFor: isOwn ? .zero : seen.unreachable(for: now),
                isLeaving: leaving.contains(peer.id),
                isInMaintenance: peer.metadata["_maintenance"] == "true",
                mayVote: peer.metadata["_voter"] != "never",
                isWitness: peer.isWitness,
                zone: peer.metadata["_zone"] ?? "")
        }
    }

    // MARK: What is to be

    /// Writes `cluster/members`, by which everybody finds the voters.
    private func publish(_ members: [Membership.Member]) async throws {
        let stored = StoredMembers(
            members: members.compactMap { member in
                member.peer.map { .init(id: member.id, peer: $0, isLearner: member.isLearner) }
            })
        Gauge(label: "gd2_etcd_voters").record(Int64(members.count { !$0.isLearner }))
        guard stored != node.peers.members || !node.peers.isCurrent else { return }
        let key = node.state.identity.store.keys.members
        if let found = try await store.get(key),
            (try? RecordCoding.decode(StoredMembers.self, from: found.value)) == stored
        {
            return
        }
        try await store.put(key, stored)
    }

    /// Tells nodes which member they run, and those that run one that is none to stop. True when
    /// something was told: the next step waits for its effect.
    private func converge(
        _ members: [Membership.Member], _ listed: [Etcdserverpb_Member]
    ) async throws -> Bool {
        var told = false
        for member in members {
            guard let peer = member.peer, let known = node.peers.peer(peer) else { continue }
            // Seen once: another machine may just have become this peer.
            let seen = liveness.of(peer)
            let isOwn = peer == node.own
            guard isOwn || seen.isReachable && member.mayRun(where: seen.member),
                !member.isGivenUp
            else { continue }
            let has =
                isOwn
                ? await running(peer) : (member: seen.member, digest: seen.roleDigest)
            let times = times(of: member, running: has.digest, among: members)
            let digest = try digest(of: member, known, times)
            if has == (member.id, digest), try hasNextKeys(peer) { continue }
            try await assign(member, known, times, digest, listed)
            told = true
        }
        let running = Set(members.compactMap(\.peer))
        for (peer, seen) in liveness.all
        where seen.isReachable && seen.member != 0 && !running.contains(peer) {
            guard let known = node.peers.peer(peer) else { continue }
            let member = seen.member
            _ = try await node.connections.node(known).stopMember(
                .with { $0.memberID = member },
                options: NodeConnections.options(Limits.memberChange))
            told = true
        }
        return told
    }

    /// What a node has to be told anew when it changes.
    private func digest(
        of member: Membership.Member, _ peer: Peer, _ times: RaftTimes
    ) throws -> String {
        guard let authority = node.certificates.memberAuthority else {
            throw StoreServiceError.noAuthority
        }
        let fingerprint = try CertificateChain.fingerprint(of: authority.certificate)
        let hosts = peer.addresses.sorted().joined(separator: ",")
        let next = try node.certificates.nextAuthority("peer-ca").map {
            try "/next " + CertificateChain.fingerprint(of: $0.certificate).prefix(16)
        }
        return "\(String(member.id, radix: 16))/\(times)/\(fingerprint.prefix(16))/\(hosts)"
            + (next ?? "")
    }

    private func assign(
        _ member: Membership.Member, _ peer: Peer, _ times: RaftTimes, _ digest: String,
        _ listed: [Etcdserverpb_Member]
    ) async throws {
        try await KeyHolders(node: node, store: store).give(to: peer.id)
        // First those that sign next: when they are gone here, they sign now.
        let next = try node.certificates.nextTexts
        guard let authority = node.certificates.memberAuthority,
            let nodeAuthority = node.certificates.nodeAuthority
        else { throw StoreServiceError.noAuthority }
        let options = NodeConnections.options(Limits.memberChange)
        let prepared: (publicKey: String, url: String)
        if peer.id == node.own {
            prepared = try await node.role.prepare()
        } else {
            let reply = try await node.connections.node(peer).prepareMember(
                .init(), options: options)
            prepared = (reply.publicKey, reply.peerURL)
        }
        try await updateURL(of: member.id, to: prepared.url, listed)
        let certificate = try authority.issue(
            to: Certificate.PublicKey(pemEncoded: prepared.publicKey),
            commonName: peer.id.description, hosts: peer.addresses + ["localhost", "127.0.0.1"],
            now: Date())
        let request = try Gd2_Node_V1_RunMemberRequest.with {
            $0.memberID = member.id
            $0.initialCluster = initialCluster(listed, adding: (member.id, peer.id, prepared.url))
            $0.certificate = try certificate.serializeAsPEM().pemString
            $0.authority = TextFile.read(node.certificates.path("peer-ca.pem")) ?? ""
            $0.authorityKey = try authority.keyPEM
            $0.nodeAuthority = TextFile.read(node.certificates.path("node-ca.pem")) ?? ""
            $0.nodeAuthorityKey = try nodeAuthority.keyPEM
            $0.roleDigest = digest
            $0.clusterToken = node.state.identity.cluster.description
            $0.alone = times == .alone
            $0.started = member.isStarted
            ($0.nextAuthority, $0.nextAuthorityKey) = next.member
            ($0.nextNodeAuthority, $0.nextNodeAuthorityKey) = next.node
        }
        if peer.id == node.own {
            try await node.role.run(MemberRole.Assignment(request))
        } else {
            _ = try await node.connections.node(peer).runMember(request, options: options)
            liveness.memberBegins(peer.id)
        }
        node.log.notice(
            "member assigned",
            metadata: ["peer": "\(peer.name)", "member": "\(String(member.id, radix: 16))"])
    }

    private func updateURL(
        of member: UInt64, to url: String, _ listed: [Etcdserverpb_Member]
    ) async throws {
        guard let known = listed.first(where: { $0.id == member }), known.peerUrls != [url] else {
            return
        }
        var options = EtcdConnection.options
        options.timeout = Limits.memberChange
        _ = try await etcd.cluster.memberUpdate(
            .with {
                $0.id = member
                $0.peerUrls = [url]
            }, options: options)
    }

    private func initialCluster(
        _ listed: [Etcdserverpb_Member], adding own: (id: UInt64, peer: PeerID, url: String)
    ) -> [String] {
        listed.map { member in
            member.id == own.id
                ? "\(own.peer)=\(own.url)"
                : "\(member.name)=\(member.peerUrls.first ?? "")"
        }.filter { !$0.hasPrefix("=") }
    }

    private func carryOut(
        _ step: MembershipStep, _ listed: [Etcdserverpb_Member]
    ) async throws {
        var options = EtcdConnection.options
        options.timeout = Limits.memberChange
        switch step {
        case .nothing: say("the members are as they should be")
        case .wait(let why): say("waiting: \(why)")
        case .addLearner(let peer):
            guard let known = node.peers.peer(peer) else { return }
            say("adding \(known.name) as a learner")
            let prepared = try await node.connections.node(known).prepareMember(
                .init(), options: NodeConnections.options(Limits.memberChange))
            let added = try await etcd.cluster.memberAdd(
                .with {
                    $0.peerUrls = [prepared.peerURL]
                    $0.isLearner = true
                }, options: options)
            node.log.notice(
                "learner added",
                metadata: [
                    "peer": "\(known.name)", "member": "\(String(added.member.id, radix: 16))",
                ])
            var members = node.peers.members
            members.members.append(.init(id: added.member.id, peer: peer, isLearner: true))
            node.peers.members = members
        case .promote(let member, let peer):
            say("waiting for \(name(peer)) to catch up")
            do {
                _ = try await etcd.cluster.memberPromote(
                    .with { $0.id = member }, options: options)
            } catch let error as RPCError where error.code == .failedPrecondition {
                return
            }
            node.log.notice("voter added", metadata: ["peer": "\(name(peer))"])
        case .remove(let member, let peer, let reason):
            say("removing \(peer.map(name) ?? "a member of no peer"): \(reason)")
            _ = try await etcd.cluster.memberRemove(.with { $0.id = member }, options: options)
            node.log.notice(
                "member removed",
                metadata: [
                    "member": "\(String(member, radix: 16))",
                    "peer": "\(peer.map(name) ?? "none")", "reason": "\(reason)",
                ])
        case .moveLeader(let member, let peer):
            say("giving the lead to \(name(peer))")
            _ = try await etcd.maintenance.moveLeader(
                .with { $0.targetID = member }, options: options)
        }
    }

    func say(_ text: String) { memory.withLock { $0.plan = text } }
    private func name(_ peer: PeerID) -> String { node.peers.peer(peer)?.name ?? "\(peer)" }
}
