import GlusterModel
import Transaction

/// How a node dies for long: nobody hears of it, and what it was about to do is not done.
enum Death: CaseIterable {
    /// Its power fails.
    case power
    /// It is cut off from all others: its programs and its bricks go on with what they knew.
    case cut
    /// It stands still, and goes on where it was.
    case stop
}

extension World {
    /// How long a transaction may go on after the death of one of its nodes: the end of the session
    /// of its coordinator, which may be that node, and the patience with a step.
    private static let deadWaitMax = Duration.seconds(30)
    private static let deadWaits = 3

    /// Three nodes, one after the other, die in the midst of creates and deletes and stay dead for
    /// long. Nobody waits for them, and they are as clean as others when they are back, though what
    /// they have to clean up is wanted again at once.
    func runWithTheDead() -> [String] {
        for node in nodes { startAll(node) }
        etcd.start(self)
        let load = Load(world: self)
        scheduler.run(until: .seconds(12))
        load.isOn = true
        scheduler.every(900...1_100) { [self] in history.checkDebris(self) }
        for node in hosts.shuffled(using: &scheduler.generator).prefix(3) {
            scheduler.run(until: now + scheduler.ms(5_000...10_000))
            let death = scheduler.pick(Death.allCases) ?? .power
            runUntilAtWork(node)
            die(node, death)
            for _ in 0..<Self.deadWaits {
                let revision = store.current.revision
                scheduler.run(until: now + Self.deadWaitMax)
                history.checkNobodyWaits(self, begunBefore: revision)
            }
            comeBack(node, death)
            load.crowd(at: directoriesToClean(of: node), for: .seconds(5))
            scheduler.run(until: now + .seconds(30))
        }
        load.isOn = false
        scheduler.run(until: now + .seconds(60))
        history.checkAtRest(self)
        return history.violations
    }

    /// Those that a delete has left to `node`: who wants one waits for the end of its process.
    private func directoriesToClean(of node: Node) -> [Brick] {
        store.current.leftovers.filter {
            $0.peer == node.peer && $0.step.action == .removeBricks
        }.flatMap(\.step.arguments.bricks)
    }

    /// A death hurts the most between the asking for a step and its end.
    private func runUntilAtWork(_ node: Node) {
        let end = now + .seconds(20)
        while now < end, node.brickd?.steps.isAtWork != true {
            scheduler.run(until: now + .milliseconds(1))
        }
        if scheduler.chance(50) { scheduler.run(until: now + scheduler.ms(1...50)) }
    }

    private func die(_ node: Node, _ death: Death) {
        trace("node \(node.index) dies: \(death)")
        switch death {
        case .power: crash(node)
        case .cut: setCut(node, true)
        case .stop: node.pausedUntil = now + Self.deadWaitMax * Self.deadWaits
        }
    }

    private func comeBack(_ node: Node, _ death: Death) {
        trace("node \(node.index) is back")
        switch death {
        case .power: boot(node)
        case .cut: setCut(node, false)
        case .stop: break  // It wakes by itself.
        }
    }

    private func setCut(_ node: Node, _ isCut: Bool) {
        for other in nodes where other !== node {
            for link in [
                Network.Link(from: node.index, to: other.index),
                Network.Link(from: other.index, to: node.index),
            ] {
                if isCut { network.cut.insert(link) } else { network.cut.remove(link) }
            }
        }
    }
}
