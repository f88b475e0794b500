import GlusterModel

/// Clients: they create, start, stop and delete volumes and ask for ports.
final class Load {
    private static let names = 5
    private static let crowdNames = 6
    private static let pathsPerNode = 3
    private let world: World
    var isOn = false
    /// Where many want directories, until when.
    private var crowd: (bricks: [Brick], until: Duration)?

    init(world: World) {
        self.world = world
        world.scheduler.every(100...1_000) { [self] in if isOn { change() } }
        world.scheduler.every(50...250) { [self] in ask() }
    }

    /// For `time` there are many creates over the directories of `bricks`.
    func crowd(at bricks: [Brick], for time: Duration) {
        crowd = (bricks, world.now + time)
        come()
    }

    private func come() {
        guard let crowd, world.now < crowd.until, let brick = world.scheduler.pick(crowd.bricks)
        else { return }
        world.scheduler.after(world.scheduler.ms(10...100)) { [self] in come() }
        guard let rest = world.scheduler.pick(world.hosts.compactMap(\.rest)) else { return }
        world.after(.zero, in: rest.run) { [self] in
            let other = world.scheduler.chance(50) ? world.scheduler.pick(Array(world.hosts)) : nil
            var places: [(peer: PeerID, path: BrickPath?)] = [(brick.peer, brick.path)]
            if let other, other.peer != brick.peer { places.append((other.peer, randomPath())) }
            create(rest, "c\(world.scheduler.random(1...Self.crowdNames))", places, reuse: true)
        }
    }

    private func change() {
        guard let rest = world.scheduler.pick(world.hosts.compactMap(\.rest)) else { return }
        // A client knows what its node knows, late or not.
        let volumes = rest.mirror.view.volumes
        world.after(.zero, in: rest.run) { [self] in
            guard let volume = world.scheduler.pick(volumes), world.scheduler.chance(65) else {
                let name = "v\(world.scheduler.random(1...Self.names))"
                let nodes = world.hosts.shuffled(using: &world.scheduler.generator)
                    .prefix(world.scheduler.random(1...3))
                let places = nodes.map { (peer: $0.peer, path: randomPath()) }
                return create(rest, name, places, reuse: world.scheduler.chance(40))
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

    private func create(
        _ rest: Rest, _ text: String, _ places: [(peer: PeerID, path: BrickPath?)], reuse: Bool
    ) {
        guard let name = try? VolumeName(validating: text) else { return }
        var bricks: [Brick] = []
        for place in places {
            guard let path = place.path else { continue }
            bricks.append(
                Brick(
                    id: BrickID(using: &world.scheduler.generator), peer: place.peer, path: path,
                    index: bricks.count))
        }
        let volume = SimulatedVolume(
            id: VolumeID(using: &world.scheduler.generator), name: name, bricks: bricks)
        rest.create(volume, reuse: reuse) { [world] isDone in
            if isDone { world.history.acknowledgedCreate(volume.id) }
        }
    }

    private func randomPath() -> BrickPath? {
        try? BrickPath(validating: "/b\(world.scheduler.random(1...Self.pathsPerNode))")
    }

    private func ask() {
        guard let node = world.scheduler.pick(Array(world.hosts)), let pmap = node.pmap,
            let path = randomPath()
        else { return }
        world.after(.zero, in: pmap.run) { pmap.answer(path) }
    }
}
