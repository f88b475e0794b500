import GlusterModel
import Portmap

/// gd2-pmap: the real table of ports, told by bricks and by gd2-brickd.
final class Pmap {
    let run: Run
    private let world: World
    private let node: Node
    private var table = PortTable()
    /// The gd2-brickd that is followed.
    private var supervisor: Brickd?
    private var endings: [() -> Void] = []

    init(world: World, node: Node) {
        self.world = world
        self.node = node
        run = Run(node: node.index)
        world.every(80...150, in: run) { [self] in follow() }
    }

    func port(of path: BrickPath) -> Int? { table.port(of: path.description) }

    /// A client asks.
    func answer(_ path: BrickPath) {
        guard let port = port(of: path) else { return }
        world.history.answered(
            History.BrickPlace(node: node.index, path: path), pid: Int32(port - 49_152))
    }

    func signIn(_ process: BrickProcess, _ connection: Connection) {
        let (path, pid) = (process.path, process.pid)
        if !world.mutations.contains(.signInsIgnored) {
            table.signIn(
                path.description, .init(port: process.port, pid: pid), connection: connection.id)
        }
        world.history.signedIn(History.BrickPlace(node: node.index, path: path), pid: pid)
        tell(path.description, pid)
        world.trace("\(pid) signs in for \(path) at node \(node.index), \(connection.id)")
        // Clients that wait for it.
        for _ in 0..<3 {
            world.after(world.scheduler.ms(0...300), in: run) { [self] in answer(path) }
        }
    }

    func close(_ connection: Connection) {
        world.trace("connection \(connection.id) to node \(node.index) is closed")
        _ = table.close(connection: connection.id)
    }

    private func tell(_ name: String, _ pid: Int32) {
        world.call(
            from: run, to: node.index, timeout: .seconds(5),
            find: { [node] in node.brickd.map { ($0, $0.run) } },
            handle: { brickd, reply in
                brickd.signedIn(name, pid: pid)
                reply(true)
            }, completion: { (_: Bool?) in })
    }

    private func follow() {
        if let supervisor, !supervisor.run.isAlive {
            self.supervisor = nil
            table.supervisorLost()
        }
        guard supervisor == nil, let brickd = node.brickd else { return }
        supervisor = brickd
        let connection = Connection(to: run, in: world)
        brickd.watch(run) { [self] ports in
            connection.send { [self] in
                guard supervisor === brickd else { return }
                let isNew = !table.isComplete
                world.trace("pmap of node \(node.index) has \(ports)")
                table.replace(with: ports)
                guard isNew else { return }
                for (name, entry) in table.signIns.sorted(by: { $0.key < $1.key }) {
                    tell(name, entry.pid)
                }
            }
        }
    }

    // MARK: Its end

    func whenItEnds(_ action: @escaping () -> Void) { endings.append(action) }

    func end() {
        run.isAlive = false
        for ending in endings { ending() }
    }
}
