import GlusterModel

/// Clients: they create, start, stop and delete volumes and ask for ports.
final class Load {
    private static let names = 5
    private static let pathsPerNode = 3
    private let world: World
    var isOn = false

    init(world: World) {
        self.world = world
        world.scheduler.every(100...1_000) { [self] in if isOn { change() } }
        world.scheduler.every(50...250) { [self] in ask() }
    }

    private func change() {
        guard let rest = world.scheduler.pick(world.hosts.compactMap(\.rest)) else { return }
        // A client knows what its node knows, late or not.
        let volumes = rest.mirror.view.volumes
        world.after(.zero, in: rest.run) { [self] in
            guard let volume = world.scheduler.pick(volumes), world.scheduler.chance(65) else {
                return create(rest)
            }
            switch (volume.isStarted, world.scheduler.chance(60)) {
            case (true, _) where world.scheduler.chance(70): break
            case (true, _): rest.setState(volume, isStarted: false)
            case (false, true): rest.setState(volume, isStarted: true)
            case (false, false): delete(volume, rest)
            }
        }
    }

    private func delete(_ volume: SimulatedVolume, _ rest: Rest) {
        rest.delete(volume) { [world] isDone in
            if isDone { world.history.acknowledgedDelete(volume.id) }
        }
    }

    private func create(_ rest: Rest) {
        let number = world.scheduler.random(1...Self.names)
        guard let name = try? VolumeName(validating: "v\(number)") else { return }
        var bricks: [Brick] = []
        let nodes = world.hosts.shuffled(using: &world.scheduler.generator)
        for node in nodes.prefix(world.scheduler.random(1...3)) {
            let path = "/b\(world.scheduler.random(1...Self.pathsPerNode))"
            guard let path = try? BrickPath(validating: path) else { continue }
            bricks.append(
                Brick(
                    id: BrickID(using: &world.scheduler.generator), peer: node.peer, path: path,
                    index: bricks.count))
        }
        let volume = SimulatedVolume(
            id: VolumeID(using: &world.scheduler.generator), name: name, bricks: bricks)
        rest.create(volume, reuse: world.scheduler.chance(40)) { [world] isDone in
            if isDone { world.history.acknowledgedCreate(volume.id) }
        }
    }

    private func ask() {
        guard let node = world.scheduler.pick(Array(world.hosts)), let pmap = node.pmap,
            let path = try? BrickPath(
                validating: "/b\(world.scheduler.random(1...Self.pathsPerNode))")
        else { return }
        world.after(.zero, in: pmap.run) { pmap.answer(path) }
    }
}
