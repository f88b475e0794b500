import AuthorityExchange
import GlusterModel
import Testing

private let old = AuthorityNames(node: "n1", member: "m1")
private let new = AuthorityNames(node: "n2", member: "m2")

private func exchange(_ phase: ExchangePhase) -> AuthorityExchange {
    AuthorityExchange(phase: phase, oldNode: [old.node], oldMember: [old.member], new: new)
}

private let voter = ExchangePeer.Role.voter(isHealthy: true, isLeader: false)
private let leader = ExchangePeer.Role.voter(isHealthy: true, isLeader: true)

/// What a node has that is ready for the phase after `phase`.
private func ready(_ phase: ExchangePhase, isMember: Bool = true) -> Holdings {
    let (node, member, shown): (Set<String>, Set<String>, AuthorityNames) =
        switch phase {
        case .trusting: (["n1", "n2"], ["m1", "m2"], old)
        case .issuing: (["n1", "n2"], ["m1", "m2"], new)
        case .retiring, .done: (["n2"], ["m2"], new)
        }
    return Holdings(
        node: Holding(trusted: node, shown: shown.node),
        member: isMember ? Holding(trusted: member, shown: shown.member) : nil,
        keys: isMember ? [shown.node, shown.member] : [],
        nextKeys: isMember && phase == .trusting ? [new.node, new.member] : [])
}

private func peer(
    _ number: UInt64, _ role: ExchangePeer.Role, _ holdings: Holdings?, isReachable: Bool = true
) -> ExchangePeer {
    ExchangePeer(
        peer: PeerID(high: 0, low: number), name: "h\(number)", isReachable: isReachable,
        role: role, holdings: holdings)
}

@Suite struct AuthorityExchangeTests {
    @Test(
        arguments: zip(
            [ExchangePhase.trusting, .issuing, .retiring],
            [.issuing, .retiring, ExchangePhase.done]
        ))
    func aPhaseEndsWhenEveryPeerIsReady(_ phase: ExchangePhase, _ next: ExchangePhase) {
        var peers = [
            peer(1, leader, ready(phase)), peer(2, voter, ready(phase)),
            peer(3, .client, ready(phase, isMember: false)),
        ]
        #expect(exchange(phase).next(peers, own: ready(phase), turn: nil) == .advance(to: next))
        peers[2].isReachable = false
        #expect(exchange(phase).next(peers, own: ready(phase), turn: nil) == .wait)
        #expect(exchange(phase).lacks(peers).map(\.what) == [.unreachable])
        #expect(exchange(phase).lacks(peers).map(\.name) == ["h3"])
        peers[2].isReachable = true
        peers[2].holdings = nil
        #expect(exchange(phase).lacks(peers).map(\.what) == [.unreported])
    }

    @Test func aRecordThatDoesNotKnowWhatANodeHasIsOfThePast() {
        let done = exchange(.done)
        #expect(!done.isOfThePast(trusted: ["n2"], shown: "n2"))
        // It was away.
        #expect(!done.isOfThePast(trusted: ["n1", "n2"], shown: "n1"))
        #expect(done.isOfThePast(trusted: ["n3"], shown: "n3"))
        #expect(done.isOfThePast(trusted: ["n2", "n3"], shown: "n2"))
        for phase in [ExchangePhase.trusting, .issuing, .retiring] {
            #expect(!exchange(phase).isOfThePast(trusted: ["n1"], shown: "n1"))
            #expect(!exchange(phase).isOfThePast(trusted: ["n2"], shown: "n2"))
            // From an attempt before this one, whose keys were lost.
            #expect(!exchange(phase).isOfThePast(trusted: ["n1", "n0"], shown: "n1"))
            #expect(exchange(phase).isOfThePast(trusted: ["n3"], shown: "n3"))
        }
    }

    @Test func eachThingThatIsMissingIsNamed() {
        func lack(
            _ phase: ExchangePhase, _ change: (inout Holdings) -> Void
        ) -> [Lack.What] {
            var holdings = ready(phase)
            change(&holdings)
            return exchange(phase).lacks([peer(1, voter, holdings)]).map(\.what)
        }
        #expect(lack(.trusting) { $0.node.trusted = ["n1"] } == [.trust])
        #expect(lack(.trusting) { $0.nextKeys = [] } == [.keys])
        #expect(lack(.trusting) { $0.member = nil } == [.member])
        #expect(lack(.trusting) { $0.member?.trusted = ["m1"] } == [.restart])
        #expect(lack(.issuing) { $0.node.shown = "n1" } == [.certificate])
        #expect(lack(.issuing) { $0.keys = ["n1", "m2"] } == [.keys])
        #expect(lack(.issuing) { $0.member?.shown = "m1" } == [.memberCertificate])
        #expect(lack(.retiring) { $0.node.trusted.insert("n1") } == [.retirement])
        #expect(lack(.retiring) { $0.keys = ["n1", "m1"] } == [.retirement])
        #expect(lack(.retiring) { $0.member?.trusted = ["m1", "m2"] } == [.restart])
        let dead = ExchangePeer.Role.voter(isHealthy: false, isLeader: false)
        #expect(
            exchange(.retiring).lacks([peer(1, dead, ready(.retiring))]).map(\.what) == [.member])
    }

    @Test func membersStartAnewOneAtATimeWithTheLeaderLast() {
        let due = ready(.issuing)
        var peers = [
            peer(1, leader, due), peer(2, voter, due), peer(3, voter, due),
            peer(4, .learner(isHealthy: true), due),
        ]
        let exchange = exchange(.retiring)
        // Their gd2-stores are ready.
        for index in peers.indices { peers[index].holdings?.node.trusted = ["n2"] }
        let own = ready(.retiring)
        #expect(exchange.next(peers, own: own, turn: nil) == .restartMember(peers[3].peer))
        peers[3].holdings = ready(.retiring)
        #expect(exchange.next(peers, own: own, turn: nil) == .restartMember(peers[1].peer))
        peers[1].role = .voter(isHealthy: false, isLeader: false)
        #expect(exchange.next(peers, own: own, turn: nil) == .wait)
        peers[1].role = voter
        peers[1].holdings = ready(.retiring)
        #expect(exchange.next(peers, own: own, turn: nil) == .restartMember(peers[2].peer))
        peers[2].holdings = ready(.retiring)
        #expect(exchange.next(peers, own: own, turn: nil) == .moveLead(to: peers[1].peer))
        peers[0].role = voter
        peers[1].role = leader
        #expect(exchange.next(peers, own: own, turn: nil) == .restartMember(peers[0].peer))
    }

    @Test func theOnlyVoterStartsAnewItself() {
        var own = ready(.trusting)
        own.member?.trusted = ["m1"]
        let peers = [peer(1, leader, own)]
        #expect(
            exchange(.trusting).next(peers, own: own, turn: nil) == .restartMember(peers[0].peer))
    }

    @Test func withoutTheNewKeysItBeginsAnew() {
        var own = ready(.trusting)
        own.nextKeys = []
        #expect(exchange(.trusting).next([peer(1, leader, own)], own: own, turn: nil) == .beginAnew)
        own.keys = ["n1", "m1"]
        #expect(exchange(.retiring).next([peer(1, leader, own)], own: own, turn: nil) == .beginAnew)
        #expect(exchange(.done).next([peer(1, leader, own)], own: own, turn: nil) == .wait)
    }

    /// Who leads now may not have got the keys yet from the one who made them.
    @Test func anotherVoterWithTheNewKeysTakesTheLead() {
        let without = ready(.trusting, isMember: false)
        func next(_ other: ExchangePeer) -> ExchangeStep {
            exchange(.trusting).next([peer(1, leader, without), other], own: without, turn: nil)
        }
        let holder = peer(2, voter, ready(.trusting))
        #expect(next(holder) == .moveLead(to: holder.peer))
        #expect(next(peer(2, voter, ready(.trusting), isReachable: false)) == .wait)
        #expect(next(peer(2, voter, nil)) == .wait)
        let dead = ExchangePeer.Role.voter(isHealthy: false, isLeader: false)
        #expect(next(peer(2, dead, ready(.trusting))) == .wait)
        #expect(next(peer(2, voter, without)) == .beginAnew)
        #expect(next(peer(2, .client, without)) == .beginAnew)
    }

    @Test func theLeadGoesOnlyToOneThatHasTheNewKeys() {
        var own = ready(.trusting)
        own.member?.trusted = ["m1"]
        var other = ready(.trusting)
        other.nextKeys = []
        let peers = [peer(1, leader, own), peer(2, voter, other), peer(3, voter, ready(.trusting))]
        let exchange = exchange(.trusting)
        #expect(exchange.next(peers, own: own, turn: nil) == .moveLead(to: peers[2].peer))
        #expect(exchange.next(Array(peers[..<2]), own: own, turn: nil) == .wait)
    }

    @Test func whoseTurnItIsStartsAnewBeforeAnyOther() {
        var due = ready(.trusting)
        due.member?.trusted = ["m1"]
        var peers = [
            peer(1, leader, ready(.trusting)), peer(2, voter, due), peer(3, voter, due),
        ]
        func next() -> ExchangeStep {
            exchange(.trusting).next(peers, own: ready(.trusting), turn: peers[2].peer)
        }
        #expect(next() == .restartMember(peers[2].peer))
        peers[2].holdings = ready(.trusting)
        #expect(next() == .restartMember(peers[1].peer))
    }
}
