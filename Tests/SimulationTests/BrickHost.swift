import GlusterModel

/// A brick process: glusterfsd with its volfile and directory.
final class BrickProcess {
    let pid: Int32
    let path: BrickPath
    let volume: VolumeID
    let port: Int
    let startedAt: Duration
    fileprivate(set) var isAlive = true
    /// It answers on its port.
    fileprivate(set) var isServing = false
    fileprivate var followers: [() -> Void] = []

    init(pid: Int32, path: BrickPath, volume: VolumeID, startedAt: Duration) {
        self.pid = pid
        self.path = path
        self.volume = volume
        self.startedAt = startedAt
        port = 49_152 + Int(pid)
    }

    /// Calls `ended` at its end; at once when it has ended.
    func follow(_ ended: @escaping () -> Void) {
        if isAlive { followers.append(ended) } else { ended() }
    }
}

/// The processes of one node. They outlive gd2-brickd.
final class BrickHost {
    private(set) var processes: [BrickProcess] = []
    private static let signInRetryMs = 2_500...3_500

    func running(at path: BrickPath) -> BrickProcess? {
        processes.first { $0.isAlive && $0.path == path }
    }

    /// Starts one; two of one directory see each other by their pid file's lock.
    func start(
        _ path: BrickPath, of volume: VolumeID, on node: Node, in world: World
    ) -> BrickProcess {
        world.pidLast += 1
        let process = BrickProcess(
            pid: world.pidLast, path: path, volume: volume, startedAt: world.now)
        if let other = running(at: path) {
            guard world.mutations.contains(.noAdoption) else {
                process.isAlive = false
                return process
            }
            world.history.violated(
                "processes \(other.pid) and \(process.pid) both own \(path) of node \(node.index)")
        }
        processes.append(process)
        if node.disk.marks[path]?.volume != volume {
            // posix refuses a directory of another volume.
            end(process, in: world)
            return process
        }
        world.scheduler.after(world.scheduler.ms(20...400)) { [self] in
            guard process.isAlive else { return }
            process.isServing = true
            signIn(process, on: node, in: world)
        }
        return process
    }

    func signal(_ process: BrickProcess, isKill: Bool, in world: World) {
        if isKill { return end(process, in: world) }
        // Now and then SIGTERM is not enough.
        guard !world.scheduler.chance(5) else { return }
        world.scheduler.after(world.scheduler.ms(5...1_500)) { [self] in end(process, in: world) }
    }

    func end(_ process: BrickProcess, in world: World) {
        guard process.isAlive else { return }
        process.isAlive = false
        processes.removeAll { $0 === process }
        for follower in process.followers { follower() }
    }

    func crash() {
        for process in processes { process.isAlive = false }
        processes = []
    }

    /// Over a connection that lasts until the process, gd2-pmap or chance ends it.
    private func signIn(_ process: BrickProcess, on node: Node, in world: World) {
        guard process.isAlive, node.isUp else { return }
        let again = { [self] in
            world.scheduler.after(world.scheduler.ms(Self.signInRetryMs)) { [self] in
                signIn(process, on: node, in: world)
            }
        }
        guard let pmap = node.pmap else { return again() }
        let connection = Connection(to: pmap.run, in: world)
        connection.send {
            if process.isAlive { pmap.signIn(process, connection) }
        }
        var isOpen = true
        let close = {
            guard isOpen else { return }
            isOpen = false
            connection.send { pmap.close(connection) }
        }
        process.follow(close)
        world.scheduler.after(world.scheduler.ms(1_000...120_000)) {
            guard isOpen else { return }
            close()
            again()
        }
        pmap.whenItEnds {
            if isOpen {
                isOpen = false
                again()
            }
        }
    }
}

/// Messages to one program in their order.
final class Connection {
    let id: Int
    private let run: Run
    private let world: World
    private var queue: [() -> Void] = []

    init(to run: Run, in world: World) {
        self.run = run
        self.world = world
        world.connectionLast += 1
        id = world.connectionLast
    }

    func send(_ action: @escaping () -> Void) {
        queue.append(action)
        let delay = world.scheduler.ms(world.scheduler.chance(5) ? 20...400 : 0...5)
        world.after(delay, in: run) { [self] in
            if !queue.isEmpty { queue.removeFirst()() }
        }
    }
}
