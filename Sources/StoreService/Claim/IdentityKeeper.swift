import EtcdProcess
import FoundationEssentials
import GRPCCore
import GlusterModel
import LocalGRPC
import Logging
import Membership
import NodeAPI
import StoreAPI
import SwiftProtobuf
import Synchronization

/// Sees to it that no two machines act as this peer: asks around before this one does, and again
/// where something hints at another one. The decisions are ``IdentityClaim``'s.
final class IdentityKeeper: Sendable {
    typealias Place = IdentityClaim.Place

    /// This run's id, which other nodes are told.
    let run: String
    private let configuration: StoreConfiguration
    private let identity: NodeIdentity
    private let certificates: ClusterCertificates
    private let log: Logger
    private let runs = Mutex(PeerRuns())
    private let rivalsSeen = Mutex<Set<String>>([])

    init(
        run: String, configuration: StoreConfiguration, identity: NodeIdentity,
        certificates: ClusterCertificates, log: Logger
    ) {
        self.run = run
        self.configuration = configuration
        self.identity = identity
        self.certificates = certificates
        self.log = log
    }

    private var own: [String] { NodeAddresses.ofMachine(listening: configuration.nodeHost) }
    private var folder: String { configuration.stateDirectory }

    // MARK: The start

    enum Start: Sendable {
        case serve
        /// Another machine was the peer meanwhile: what an etcd of this node's own has is old.
        case serveAnew
        case refuse(String)
    }

    /// Whether this machine may act as the peer; then it is noted as the one that does.
    /// `isMember`: an etcd of this node's own is to run.
    func atStart(_ directory: PeerDirectory, isMember: Bool) async -> Start {
        let known = StatePlace.load(folder)
        if let damage = StatePlace.damage(folder) {
            log.warning(
                "place of the state not readable",
                metadata: ["file": "\(folder)/place.json", "error": "\(damage)"])
        }
        let etcdRuns = EtcdRunner.runningPid(stateDirectory: folder) != nil
        let isSame = known.map { $0.refusal == nil && $0.isHere(Set(own)) } ?? false
        var start = Start.serve
        // Who goes on keeps nobody waiting; a second one is found by its probes.
        if !isSame || (isMember && !etcdRuns) {
            let record = directory.peer(identity.peer)
            let recorded = known?.addresses ?? record?.addresses ?? []
            var places = self.places(recorded)
            if let rival = known?.rival.flatMap(Self.place) { places.append(rival) }
            let isMoved = !recorded.isEmpty && Set(own).isDisjoint(with: recorded)
            let claim = await claim(
                places, peers: directory.askable,
                isDoubtful: isMember && (isMoved || known?.refusal != nil))
            if case .refuse(let rival) = claim.verdict {
                return .refuse(refuse(rival, record?.name ?? NodeAddresses.hostName(), known))
            }
            let voters = directory.members.members.filter { !$0.isLearner }.map(\.peer)
            let isOutdated = claim.isOutdated(own: identity.peer, recordedVoters: Set(voters))
            if isMember, !etcdRuns, isOutdated { start = .serveAnew }
        }
        note(StatePlace(addresses: own))
        do { try StatePlace.serving(folder).take() } catch {
            log.warning("file of state not written", metadata: ["error": "\(error)"])
        }
        return start
    }

    private func refuse(_ rival: IdentityClaim.Rival, _ name: String, _ known: StatePlace?)
        -> String
    {
        let text = Self.text(rival, name, identity.peer)
        note(
            StatePlace(
                addresses: known?.addresses ?? [], refusal: text,
                rival: "\(HostPort(rival.place))"))
        log.error("another machine is this peer", metadata: ["error": "\(text)"])
        return text
    }

    /// A full disk keeps nobody from serving.
    private func note(_ place: StatePlace) {
        do { try place.save(folder) } catch {
            log.warning("file of state not written", metadata: ["error": "\(error)"])
        }
    }

    static func text(_ rival: IdentityClaim.Rival, _ name: String, _ peer: PeerID) -> String {
        "this machine carries the identity of peer \(name) (\(peer)), which runs at "
            + "\(HostPort(rival.place)); two machines cannot be one peer. If this one is the copy: "
            + "stop gd2 here, remove /var/lib/gd2, start gd2, and join with a token "
            + "(glustercli peer token create on a node of the cluster). If the other one is the "
            + "copy: do that there, then restart gd2-store here"
    }

    // MARK: While it runs

    /// Another run of this peer that answers at one of `addresses` which are not this machine's.
    func rival(registeredAt addresses: [String]) async -> IdentityClaim.Rival? {
        let places = places(addresses)
        return places.isEmpty ? nil : await rival(at: places)
    }

    /// The same, where another peer says that it is answered by one.
    func rival(hinted reply: Gd2_Node_V1_ProbeReply) async -> IdentityClaim.Rival? {
        guard case .answers(let other, let place)? = Self.word(reply), other != run,
            !own.contains(place.host)
        else { return nil }
        return await rival(at: [place])
    }

    /// Refuses from the next start on, which the caller sees to.
    func standDown(_ rival: IdentityClaim.Rival, name: String) {
        _ = refuse(rival, name, StatePlace.load(folder))
    }

    /// Says when a peer, or this one, calls from two machines.
    func called(_ peer: PeerID, run: String, from address: String) {
        var addresses: [String]?
        if peer == identity.peer {
            let isNews = run != self.run && rivalsSeen.withLock { $0.insert(run).inserted }
            if isNews { addresses = [address] }
        } else {
            addresses = runs.withLock { $0.called(peer, run: run, from: address) }
        }
        guard let addresses else { return }
        log.warning(
            "peer runs twice",
            metadata: ["peer": "\(peer)", "addresses": "\(addresses.joined(separator: " "))"])
    }

    // MARK: Asking

    private func places(_ addresses: [String]) -> [Place] {
        addresses.compactMap { address in
            guard let host = HostPort(address, defaultPort: configuration.nodePort),
                host.isAddress
            else { return nil }
            return Place(host: host.host, port: host.port)
        }
    }

    private func rival(at places: [Place]) async -> IdentityClaim.Rival? {
        guard case .refuse(let rival) = await claim(places, peers: []).verdict else { return nil }
        return rival
    }

    /// Asks all at once, until it is decided.
    private func claim(
        _ places: [Place], peers: [Peer], isDoubtful: Bool = false
    ) async -> IdentityClaim {
        let known = Dictionary(uniqueKeysWithValues: peers.map { ($0.id, $0) })
        var claim = IdentityClaim(
            run: run, own: Set(own), recorded: places, peers: Set(known.keys),
            isDoubtful: isDoubtful)
        await withTaskGroup(of: [IdentityClaim.Event].self) { group in
            defer { group.cancelAll() }
            guard claim.verdict == .wait else { return }
            group.addTask {
                try? await Task.sleep(for: Limits.rivalSearch)
                return [.timeUp]
            }
            for question in claim.questions { group.addTask { await self.ask(question, known) } }
            for await events in group {
                for question in events.flatMap({ claim.take($0) }) {
                    group.addTask { await self.ask(question, known) }
                }
                if claim.verdict != .wait { return }
            }
        }
        return claim
    }

    private func ask(
        _ question: IdentityClaim.Question, _ peers: [PeerID: Peer]
    ) async -> [IdentityClaim.Event] {
        switch question {
        case .place(let place):
            let reply = await probe(HostPort(place), identity.peer)
            let isOfPeer = reply?.peerID == identity.peer.description
            return [.run(isOfPeer ? reply?.run : nil, at: place)]
        case .peer(let peer):
            let addresses = peers[peer]?.nodeAddresses ?? []
            let reply = await withTaskGroup(of: Gd2_Node_V1_ProbeReply?.self) { group in
                for address in addresses { group.addTask { await self.probe(address, peer) } }
                defer { group.cancelAll() }
                for await reply in group where reply != nil { return reply }
                return nil
            }
            let word = IdentityClaim.Event.word(
                reply.flatMap(Self.word), from: peer, isCurrent: reply?.current ?? false)
            var events: [IdentityClaim.Event] = []
            if let reply, reply.memberRuns { events.append(.memberRuns(peer)) }
            if let reply, reply.current {
                let voters = reply.members.filter { !$0.learner }.compactMap { PeerID($0.peerID) }
                events += [.registered(reply.callerRegistered), .voters(Set(voters))]
            }
            return events + [word]
        }
    }

    private func probe(_ address: HostPort, _ peer: PeerID) async -> Gd2_Node_V1_ProbeReply? {
        let request = Gd2_Node_V1_ProbeRequest.with {
            $0.clusterID = identity.cluster.description
            $0.peerID = identity.peer.description
            $0.epoch = identity.epoch.number
            $0.run = run
        }
        return try? await Joins.asking(address, NodeTLS.client(certificates, to: peer)) { client in
            try await Gd2_Node_V1_Node.Client(wrapping: client).probe(
                request, options: LocalClient.options(timeout: Limits.rivalSearch, wait: false))
        }
    }

    private static func word(_ reply: Gd2_Node_V1_ProbeReply) -> IdentityClaim.Word? {
        guard reply.callerProbed else { return .unknown }
        guard let place = place(reply.callerAddress) else { return .answersNot }
        return .answers(run: reply.callerRun, at: place)
    }

    private static func place(_ text: String) -> Place? {
        HostPort(text, defaultPort: 24_008).map { Place(host: $0.host, port: $0.port) }
    }
}

extension HostPort {
    init(_ place: IdentityClaim.Place) { self.init(host: place.host, port: place.port) }
}

extension PeerDirectory {
    /// Who may know where this peer answers: those that probe it.
    fileprivate var askable: [Peer] {
        let others = peers.values.filter { $0.id != own }
        guard peers.count > Limits.peersProbedByAll else { return others }
        let voters = Set(otherVoters)
        return others.filter { voters.contains($0.id) }
    }
}
