/// A program's way to the store. Every completion gets nil when no answer came in time.
struct StoreClient {
    private static let timeout = Duration.seconds(3)
    let world: World
    let run: Run

    func txn(
        if conditions: [Condition], then writes: [Write], end: History.End? = nil,
        _ completion: @escaping (Written?) -> Void
    ) {
        ask({ $0.txn(conditions, writes, end) }, completion)
    }

    func get(_ key: String, _ completion: @escaping ((entry: StoreEntry?, Void)?) -> Void) {
        ask({ ($0.current.entries[key], ()) }, completion)
    }

    func snapshot(_ completion: @escaping (Snapshot?) -> Void) {
        ask({ $0.current }, completion)
    }

    func grant(_ ttl: Duration, _ completion: @escaping (Int?) -> Void) {
        ask({ [world] in $0.grant(ttl, now: world.now) }, completion)
    }

    func keepAlive(_ lease: Int, _ completion: @escaping (Bool?) -> Void) {
        ask({ [world] in $0.keepAlive(lease, now: world.now) }, completion)
    }

    /// Through a voter, to whoever leads when it arrives there.
    private func ask<Reply>(
        _ question: @escaping (Store) -> Reply, _ completion: @escaping (Reply?) -> Void
    ) {
        guard let leader = world.etcd.leader else {
            return world.after(world.scheduler.ms(1...20), in: run) { completion(nil) }
        }
        let world = world
        // etcd is no program that is killed here, only a node that is.
        let etcd = Run(node: leader)
        world.call(
            from: run, to: leader, timeout: Self.timeout,
            find: { world.etcd.leads(leader, world) ? (world.store, etcd) : nil },
            handle: { store, reply in
                // Read or written at the moment of the answer, if it still leads.
                if world.etcd.leads(leader, world) { reply(question(store)) }
            }, completion: completion)
    }
}

/// A program's copy of the store.
final class Mirror {
    let run: Run
    private let client: StoreClient
    private(set) var view = Snapshot()
    /// Whether the store answered the last time.
    private(set) var isCurrent = false
    var changed: () -> Void = {}

    init(world: World, run: Run) {
        self.run = run
        client = StoreClient(world: world, run: run)
        world.every(400...600, in: run) { [self] in
            client.snapshot { [self] snapshot in
                let wasCurrent = isCurrent
                isCurrent = snapshot != nil
                guard let snapshot else { return }
                if snapshot.revision > view.revision {
                    take(snapshot)
                } else if !wasCurrent {
                    changed()
                }
            }
        }
    }

    /// Begins with what the program's run before had written down, a while before its end.
    func load(_ snapshot: Snapshot) {
        view = snapshot
        if snapshot.revision > 0 { changed() }
    }

    func take(_ snapshot: Snapshot) {
        guard snapshot.revision > view.revision else { return }
        view = snapshot
        changed()
    }
}
