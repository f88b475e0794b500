import GlusterModel

/// What breaks, and comes back.
final class Faults {
    private let world: World
    var isOn = false

    init(world: World) {
        self.world = world
        world.scheduler.every(300...3_000) { [self] in if isOn { breakSomething() } }
        world.scheduler.every(3_000...20_000) { [self] in sync() }
    }

    private func breakSomething() {
        let scheduler = world.scheduler
        guard let node = scheduler.pick(Array(world.hosts)) else { return }
        switch scheduler.random(0...99) {
        case 0...9: crash(node)
        case 10...34: kill(node)
        case 35...49: pause(node)
        case 50...59: cut(node)
        case 60...69: worsenNetwork()
        case 70...79:
            if let process = scheduler.pick(node.bricks.processes) {
                node.bricks.end(process, in: world)
            }
        case 80...91: moveGuest()
        default:
            world.etcd.inMaintenance = scheduler.chance(50) ? [node.index] : []
        }
    }

    private func later(_ pauseMs: ClosedRange<Int>, _ action: @escaping () -> Void) {
        world.scheduler.after(world.scheduler.ms(pauseMs), action)
    }

    private func crash(_ node: Node) {
        guard node.isUp, world.nodes.count(where: { !$0.isUp }) < 2 else { return }
        world.crash(node)
        later(500...(world.scheduler.chance(20) ? 70_000 : 25_000)) { [world] in world.boot(node) }
    }

    private func kill(_ node: Node) {
        guard node.isUp else { return }
        switch world.scheduler.random(0...3) {
        case 0...1: world.endRest(node)
        case 2: world.endBrickd(node)
        default: world.endPmap(node)
        }
        later(100...4_000) { [world] in if node.isUp { world.startAll(node) } }
    }

    private func pause(_ node: Node) {
        let end = world.now + world.scheduler.ms(300...20_000)
        switch world.scheduler.random(0...3) {
        case 0:
            world.trace("node \(node.index) stops until \(end)")
            node.pausedUntil = end
        case 1: node.rest?.run.pausedUntil = end
        case 2: node.brickd?.run.pausedUntil = end
        default: node.pmap?.run.pausedUntil = end
        }
    }

    /// In one direction or both, from some or all.
    private func cut(_ node: Node) {
        for other in world.nodes where other !== node && world.scheduler.chance(70) {
            if world.scheduler.chance(70) {
                world.network.cut.insert(.init(from: node.index, to: other.index))
            }
            if world.scheduler.chance(70) {
                world.network.cut.insert(.init(from: other.index, to: node.index))
            }
        }
        later(1_000...20_000) { [world] in world.network.cut = [] }
    }

    private func worsenNetwork() {
        world.network.lossPercent = world.scheduler.random(0...15)
        world.network.brokenPercent = world.scheduler.random(0...15)
    }

    private func moveGuest() {
        let guest = World.nodesCount + world.scheduler.random(0...World.guestsCount - 1)
        if !world.etcd.joined.contains(guest) {
            world.etcd.join(guest, world)
        } else if world.etcd.mayLeave(guest, world) {
            world.etcd.leaving.insert(guest)
        }
    }

    private func sync() {
        for node in world.nodes where node.isUp && world.scheduler.chance(50) {
            node.disk.syncAll()
        }
    }

    func healAll() {
        world.network.cut = []
        world.network.lossPercent = 0
        world.network.brokenPercent = 0
        world.etcd.inMaintenance = []
        for node in world.nodes {
            node.pausedUntil = .zero
            for run in [node.rest?.run, node.brickd?.run, node.pmap?.run] {
                run?.pausedUntil = .zero
            }
            world.boot(node)
            world.startAll(node)
        }
    }
}
