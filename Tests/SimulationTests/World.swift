import GlusterModel

/// A run of a program on a node: what it was to do ends with it.
final class Run {
    let node: Int
    var isAlive = true
    /// Stopped until then (SIGSTOP); it goes on with what it knew.
    var pausedUntil = Duration.zero

    init(node: Int) { self.node = node }
}

/// A host: what is on its disk and which programs run.
final class Node {
    let index: Int
    let peer: PeerID
    var isUp = true
    var pausedUntil = Duration.zero
    var disk = Disk()
    var bricks: BrickHost
    var rest: Rest?
    var brickd: Brickd?
    var pmap: Pmap?

    init(index: Int) {
        self.index = index
        peer = PeerID(high: 0, low: UInt64(index + 1))
        bricks = BrickHost()
    }
}

/// Everything: nodes, the network between them, the store, and what happened.
final class World {
    static let nodesCount = 5
    /// Nodes without bricks, which join and leave.
    static let guestsCount = 2

    let seed: UInt64
    let mutations: Set<Mutation>
    /// Whether locks are taken before the first write of a transaction, as while there are older
    /// nodes.
    let locksFirst: Bool
    private let isTraced: Bool
    let scheduler: Scheduler
    let nodes: [Node]
    let history: History
    let network: Network
    let store: Store
    let etcd: Etcd
    /// Later processes have greater numbers.
    var pidLast: Int32 = 0
    var connectionLast = 0

    init(
        seed: UInt64, mutations: Set<Mutation> = [], locksFirst: Bool = false,
        isTraced: Bool = false
    ) {
        self.locksFirst = locksFirst
        self.isTraced = isTraced
        self.seed = seed
        self.mutations = mutations
        scheduler = Scheduler(seed: seed)
        nodes = (0..<Self.nodesCount + Self.guestsCount).map { Node(index: $0) }
        history = History()
        network = Network()
        store = Store(history: history)
        etcd = Etcd()
    }

    var now: Duration { scheduler.now }

    /// Says what happens, when somebody looks at one seed.
    func trace(_ line: @autoclosure () -> String) {
        guard isTraced else { return }
        let millis = now / .milliseconds(1)
        print("\(Int(millis)) ms: \(line())")
    }

    /// Nodes that have bricks.
    var hosts: ArraySlice<Node> { nodes.prefix(Self.nodesCount) }

    /// What went wrong in `faulty` of faults, and in `quiet` after them, at the end of which all
    /// must be put right.
    func run(faulty: Duration, quiet: Duration = .seconds(150)) -> [String] {
        for node in nodes { startAll(node) }
        etcd.start(self)
        let faults = Faults(world: self)
        let load = Load(world: self)
        scheduler.run(until: .seconds(12))
        faults.isOn = true
        load.isOn = true
        scheduler.every(900...1_100) { [self] in history.checkDebris(self) }
        scheduler.run(until: .seconds(12) + faulty)
        faults.isOn = false
        faults.healAll()
        scheduler.run(until: now + .seconds(5))
        load.isOn = false
        scheduler.run(until: now + quiet)
        history.checkAtRest(self)
        return history.violations
    }

    func startAll(_ node: Node) {
        guard node.index < Self.nodesCount else { return }
        if node.rest == nil { node.rest = Rest(world: self, node: node) }
        if node.brickd == nil { node.brickd = Brickd(world: self, node: node) }
        if node.pmap == nil { node.pmap = Pmap(world: self, node: node) }
    }

    /// The power of `node` fails.
    func crash(_ node: Node) {
        trace("node \(node.index) loses its power")
        node.isUp = false
        node.bricks.crash()
        endRest(node)
        endBrickd(node)
        endPmap(node)
        node.disk.crash(isInPlace: mutations.contains(.tornFences))
    }

    func endRest(_ node: Node) {
        trace("Rest of node \(node.index) is killed")
        node.rest?.run.isAlive = false
        node.rest = nil
    }

    func endBrickd(_ node: Node) {
        trace("Brickd of node \(node.index) is killed")
        node.brickd?.run.isAlive = false
        node.brickd = nil
    }

    func endPmap(_ node: Node) {
        trace("Pmap of node \(node.index) is killed")
        let pmap = node.pmap
        node.pmap = nil
        pmap?.end()
    }

    func boot(_ node: Node) {
        guard !node.isUp else { return }
        node.isUp = true
        trace("node \(node.index) boots")
        startAll(node)
    }

    // MARK: Running and calling

    /// Runs `action` in the program later, should it live then and when it is not stopped.
    func after(_ delay: Duration, in run: Run, _ action: @escaping () -> Void) {
        scheduler.after(delay) { [self] in deliver(to: run, action) }
    }

    func every(_ pauseMs: ClosedRange<Int>, in run: Run, _ action: @escaping () -> Void) {
        after(scheduler.ms(pauseMs), in: run) { [self] in
            action()
            every(pauseMs, in: run, action)
        }
    }

    private func deliver(to run: Run, _ action: @escaping () -> Void) {
        guard run.isAlive else { return }
        let wake = max(run.pausedUntil, nodes[run.node].pausedUntil)
        if wake > now {
            // What came meanwhile is seen in any order.
            return after(wake - now + scheduler.ms(1...30), in: run, action)
        }
        action()
    }

    /// A call to a program of any node. `completion` gets nil when no answer came: what was asked
    /// for happened, or did not, or will. `find` gives the program as it is when the call arrives.
    func call<Program, Reply>(
        from caller: Run, to node: Int, timeout: Duration, find: @escaping () -> (Program, Run)?,
        handle: @escaping (Program, @escaping (Reply) -> Void) -> Void,
        completion: @escaping (Reply?) -> Void
    ) {
        var isAnswered = false
        let answer = { (reply: Reply?) in
            guard !isAnswered else { return }
            isAnswered = true
            completion(reply)
        }
        after(timeout, in: caller) { answer(nil) }
        let isRemote = caller.node != node
        // The connection breaks; what was sent may arrive.
        if isRemote, scheduler.chance(network.brokenPercent) {
            after(scheduler.ms(1...50), in: caller) { answer(nil) }
        }
        send(from: caller.node, to: node) { [self] in
            guard let (program, run) = find() else {
                return after(scheduler.ms(1...5), in: caller) { answer(nil) }
            }
            deliver(to: run) { [self] in
                handle(program) { reply in
                    self.send(from: node, to: caller.node) {
                        self.deliver(to: caller) { answer(reply) }
                    }
                }
            }
        }
    }

    /// What is sent arrives late, or never.
    func send(from: Int, to: Int, _ arrive: @escaping () -> Void) {
        if from == to { return scheduler.after(scheduler.ms(0...3), arrive) }
        guard network.reaches(from, to), !scheduler.chance(network.lossPercent) else { return }
        let delay: Duration
        switch scheduler.random(0...99) {
        case 0...1: delay = scheduler.ms(500...8_000)
        case 2...9: delay = scheduler.ms(20...500)
        default: delay = scheduler.ms(1...10)
        }
        scheduler.after(delay) { [self] in
            if nodes[to].isUp { arrive() }
        }
    }
}

/// Which nodes hear which.
final class Network {
    struct Link: Hashable {
        var from: Int
        var to: Int
    }

    var cut: Set<Link> = []
    var lossPercent = 0
    var brokenPercent = 0

    func reaches(_ from: Int, _ to: Int) -> Bool { !cut.contains(Link(from: from, to: to)) }
    func talk(_ one: Int, _ other: Int) -> Bool { reaches(one, other) && reaches(other, one) }
}
