import BrickAPI
import BrickSupervision
import GD2Error
import Glibc
import GlusterModel
import Logging
import Processes
import StoreAPI
import StoreMirror
import Volgen

/// Makes this node's bricks and self-heal daemons be what the store says they should be.
actor Supervisor {
    private let command: BrickCommand
    private let launcher: any ProcessLauncher
    private let announcer: BrickAnnouncer
    private let configuration: BrickConfiguration
    private let log: Logger
    let incarnation: IncarnationID
    let bootID = ProcessTable.bootID()
    private let clock = ContinuousClock()
    private let began = ContinuousClock.now
    var slots: [ProcessRole: Slot] = [:]
    private var starts: StartQueue
    var cluster = ClusterState()
    /// Processes that ran when this program started and were not recognised yet, by socket.
    private var found: [String: (pid: Int32, port: Int)]
    /// Whether this run has seen a view of the store that was current.
    private var wasCurrent = false
    /// Of which a view that was not current would have ended something.
    private var spared: Set<VolumeID> = []
    /// Sent for each process that is to be started, or followed until its end.
    private let work: AsyncStream<Work>
    private let workGiver: AsyncStream<Work>.Continuation
    /// Sent when a process has become restless, and now and then.
    private let looks: AsyncStream<Void>
    private let looker: AsyncStream<Void>.Continuation
    var watchers: [Int: AsyncStream<Void>.Continuation] = [:]
    var watcherNext = 0
    /// Of which the reports may be others than those that were asked for last; nil: all.
    var untold: Set<VolumeID>?

    private enum Work: Sendable {
        case start(ProcessRole)
        case follow(ProcessRole, ProcessHandle)
        case probe(ProcessRole, ProcessHandle)
    }

    init(
        command: BrickCommand, launcher: any ProcessLauncher, mirror: StoreMirror,
        incarnation: IncarnationID, log: Logger
    ) {
        self.command = command
        self.launcher = launcher
        announcer = BrickAnnouncer(command: command, launcher: launcher, mirror: mirror)
        self.incarnation = incarnation
        self.log = log
        configuration = command.configuration
        starts = StartQueue(limit: configuration.startsAtOnce)
        found = command.running()
        (work, workGiver) = AsyncStream.makeStream(of: Work.self)
        (looks, looker) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    private var now: Duration { clock.now - began }

    /// Starts and follows processes until the task is cancelled; they run on.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.look() }
            group.addTask {
                while (try? await Task.sleep(for: Limits.lookEvery)) != nil { self.looker.yield() }
            }
            for await item in work {
                group.addTask {
                    switch item {
                    case .start(let role): await self.start(role)
                    case .follow(let role, let handle): await self.follow(role, handle)
                    case .probe(let role, let handle): await self.probe(role, handle)
                    }
                }
            }
            group.cancelAll()
        }
    }

    /// Lets time pass for the processes, often only while one of them is restless.
    private func look() async {
        for await _ in looks {
            repeat {
                tick()
                do { try await Task.sleep(for: .milliseconds(Limits.tickMs)) } catch { return }
            } while slots.values.contains { $0.isRestless }
        }
    }

    private func tick() {
        for role in slots.keys {
            deliver(.tick, to: role)
            lookForMissedSignIn(role)
        }
        if slots.values.contains(where: { $0.isRetiring && $0.machine.isConverged }) {
            update(cluster)
        }
    }

    /// A brick may have signed in while gd2-pmap was away, or before this program was started.
    private func lookForMissedSignIn(_ role: ProcessRole) {
        guard let slot = slots[role], case .starting = slot.machine.phase, slot.port > 0,
            now - slot.startedAt > Limits.signInMissedAfter, !slot.isProbed,
            let handle = slot.handle
        else { return }
        slots[role]?.isProbed = true
        workGiver.yield(.probe(role, handle))
    }

    private func probe(_ role: ProcessRole, _ handle: ProcessHandle) async {
        guard let port = slots[role]?.port else { return }
        let serves = await BrickProbe.serves(port: port)
        slots[role]?.isProbed = false
        guard serves, slots[role]?.handle?.pid == handle.pid else { return }
        slots[role]?.reservation = nil
        deliver(.signedIn, to: role)
    }

    // MARK: What should run

    /// Takes a newer state of the cluster, in which only the volumes `changed` are others than in
    /// the one before; nil: all may be.
    func update(_ state: ClusterState, changed: Set<VolumeID>? = nil) {
        guard let peer = state.identity?.peer else { return }
        cluster = state
        var touched = changed
        if state.freshness == .current {
            if !wasCurrent { (wasCurrent, touched) = (true, nil) }
            touched?.formUnion(spared)
            spared = []
        }
        let volumes = touched.map { $0.compactMap { state.volumes[$0] } }
        var wanted: Set<ProcessRole> = []
        for volume in volumes ?? Array(state.volumes.values) {
            let bricks = volume.allBricks(of: peer)
            guard !bricks.isEmpty else { continue }
            let isUp = volume.head.state == .started
            for brick in bricks {
                let role = ProcessRole.brick(volume.id, index: brick.index)
                wanted.insert(role)
                want(role, isUp, volume, brick)
            }
            if volume.wantsSelfHealDaemon, !volume.bricks(of: peer).isEmpty {
                wanted.insert(.selfHeal(volume.id))
                if mayHeal(volume) { want(.selfHeal(volume.id), isUp, volume, nil) }
            }
        }
        let unreadable = state.unreadableVolumes
        for role in slots.keys where !wanted.contains(role) && !unreadable.contains(role.volume) {
            // Of a volume that is gone each view is a chance to see that they have ended.
            guard touched?.contains(role.volume) != false || state.volumes[role.volume] == nil
            else { continue }
            guard mayEnd(role) else { continue }
            deliver(.want(up: false, request: 0), to: role)
            if slots[role]?.machine.pid == nil, slots[role]?.machine.isConverged == true {
                slots[role] = nil
            }
        }
        stopStrangers(state)
        tell(touched)
    }

    /// A view that is not current may be from before the volume was started, or brought to where it
    /// is: the file of the last one is written a moment after a change, and what came since is
    /// followed one by one. What runs by what the store says now is not ended by what it once said.
    private func mayEnd(_ role: ProcessRole) -> Bool {
        if cluster.freshness == .current || slots[role]?.machine.isDown != false { return true }
        spared.insert(role.volume)
        return false
    }

    /// By an old topology it would take from the good bricks what they know against the brick that
    /// replaced another. So where that can be, one is not begun before this node has seen the store
    /// in this run.
    private func mayHeal(_ volume: Volume) -> Bool {
        wasCurrent || !cluster.canHaveMoved(volume) || slots[.selfHeal(volume.id)] != nil
            || found[command.socket(key: BrickCommand.selfHealKey(volume))] != nil
    }

    private func want(_ role: ProcessRole, _ isUp: Bool, _ volume: Volume, _ brick: Brick?) {
        let attempts = slots[role]?.attempts ?? 0
        if let slot = slots[role], slot.isAnother(than: brick, of: volume) {
            guard slot.isRetiring || mayEnd(role) else { return }
            slots[role]?.isRetiring = true
            deliver(.want(up: false, request: 0), to: role)
            guard slots[role]?.machine.isConverged == true else { return }
            slots[role] = nil
        }
        if slots[role] == nil {
            let key = brick.map { "brick \($0.path)" } ?? BrickCommand.selfHealKey(volume)
            var slot = Slot(
                volume: volume, brick: brick, generation: volume.head.generation,
                socket: command.socket(key: key))
            slot.attempts = attempts
            slot.name = brick?.path.description ?? ""
            slot.device = brick.map { BrickDirectory(path: $0.path).device } ?? ""
            slots[role] = slot
            adopt(role)
        }
        slots[role]?.volume = volume
        slots[role]?.brick = brick
        guard isUp || mayEnd(role) else { return }
        deliver(.want(up: isUp, request: volume.head.startRequests), to: role)
    }

    /// A process that ran before this program did.
    private func adopt(_ role: ProcessRole) {
        guard let slot = slots[role], let process = found.removeValue(forKey: slot.socket),
            let handle = ProcessHandle(pid: process.pid)
        else { return }
        slots[role]?.handle = handle
        slots[role]?.port = process.port
        let age = ProcessTable.age(of: process.pid) ?? .zero
        slots[role]?.startedAt = now - age
        let listens =
            process.port == 0
            || age > Limits.settledAfter && PortReservation.isListening(on: process.port)
        log.info(
            "process adopted", metadata: ["process": "\(role)", "pid": "\(process.pid)"])
        deliver(.adopted(pid: process.pid, isListening: listens), to: role)
        lookForMissedSignIn(role)
        workGiver.yield(.follow(role, handle))
    }

    /// Bricks of volumes that are gone. Only a view that is current can tell.
    private func stopStrangers(_ state: ClusterState) {
        guard state.freshness == .current, state.unreadableVolumes.isEmpty else { return }
        for (socket, process) in found {
            log.notice(
                "process of no volume stopped",
                metadata: ["pid": "\(process.pid)", "socket": "\(socket)"])
            ProcessHandle.signalOnce(SIGTERM, pid: process.pid)
        }
        found = [:]
    }

    // MARK: Processes

    private func deliver(_ event: SupervisedProcess.Event, to role: ProcessRole) {
        guard var slot = slots[role] else { return }
        let before = slot.machine
        let effects = slot.machine.next(on: event, now: now)
        slots[role] = slot
        for effect in effects {
            switch effect {
            case .spawn: starts.add(role)
            case .terminate: slot.handle?.signal(SIGTERM)
            case .kill: slot.handle?.signal(SIGKILL)
            }
        }
        if !slot.machine.isBeginning { starts.ended(role) }
        for next in starts.admit() { workGiver.yield(.start(next)) }
        if slot.isRestless { looker.yield() }
        if before != slot.machine { tell([role.volume]) }
    }

    private func start(_ role: ProcessRole) async {
        // It may have waited for its turn for long.
        guard slots[role]?.machine.isWanted == true else {
            return deliver(.spawnFailed("nobody wants it any more"), to: role)
        }
        do {
            // One that was started by an attempt that failed half way, or before the last restart.
            // Looking costs milliseconds on a busy host.
            if let slot = slots[role], slot.attempts > 0 || now < Limits.strangersAppear,
                let process = command.running()[slot.socket]
            {
                found[slot.socket] = process
                adopt(role)
                return
            }
            try await announce(role)
            let spec = try prepareStart(role)
            let pid = try await launcher.launch(spec)
            guard let handle = ProcessHandle(pid: pid) else { throw ProcessError.noProcess }
            slots[role]?.handle = handle
            slots[role]?.startedAt = now
            log.info("process started", metadata: ["process": "\(role)", "pid": "\(pid)"])
            deliver(.spawned(pid: pid), to: role)
            if slots[role]?.earlySignIn == pid { deliver(.signedIn, to: role) }
            // Nobody signs a daemon in.
            if case .selfHeal = role { deliver(.signedIn, to: role) }
            await follow(role, handle)
        } catch {
            log.warning(
                "process not started", metadata: ["process": "\(role)", "error": "\(error)"])
            slots[role]?.reservation = nil
            deliver(.spawnFailed("\(error)"), to: role)
        }
    }

    /// A brick that is new in its set does not run before the others know that it is empty.
    private func announce(_ role: ProcessRole) async throws {
        guard let slot = slots[role], let brick = slot.brick,
            let host = cluster.peers[brick.peer]?.addresses.first
        else { return }
        let directory = BrickDirectory(path: brick.path)
        guard directory.problem(slot.volume.id) == nil,
            directory.isEmptyReplacement(of: slot.volume.id)
        else { return }
        slots[role]?.attempts += 1
        try await announcer.announce(brick, of: slot.volume, host: host, number: slot.attempts)
        log.notice("new brick is announced", metadata: ["process": "\(role)"])
    }

    private func prepareStart(_ role: ProcessRole) throws -> ProcessSpec {
        guard let slot = slots[role] else { throw ProcessError.noProcess }
        slots[role]?.attempts += 1
        slots[role]?.earlySignIn = nil
        unlink(slot.socket)
        guard let brick = slot.brick else {
            return command.selfHeal(slot.volume, attempt: slot.attempts)
        }
        let directory = BrickDirectory(path: brick.path)
        if let problem = directory.problem(slot.volume.id) {
            throw GD2Error(.unavailable, problem)
        }
        guard let host = cluster.peers[brick.peer]?.addresses.first else {
            throw GD2Error(.unavailable, "this node's own peer record is not known yet")
        }
        directory.settle()
        let reservation = try PortReservation(in: configuration.ports)
        slots[role]?.reservation = reservation
        slots[role]?.port = reservation.port
        slots[role]?.device = directory.device
        return command.brick(brick, of: slot.volume, host: host, port: reservation.port)
    }

    private func follow(_ role: ProcessRole, _ handle: ProcessHandle) async {
        guard let how = await handle.waitForExit() else { return }
        guard let slot = slots[role], slot.handle?.pid == handle.pid else { return }
        slots[role]?.handle = nil
        slots[role]?.reservation = nil
        slots[role]?.port = 0
        let isWanted = slot.machine.isWanted
        log.log(
            level: isWanted ? .warning : .info, "process ended",
            metadata: ["process": "\(role)", "pid": "\(handle.pid)", "how": "\(how)"])
        let hint = slot.brick.map {
            ": see \(configuration.logDirectory)/bricks/\($0.path.dashed).log"
        }
        deliver(.exited(how + (hint ?? "")), to: role)
    }

    func signedIn(_ name: String, pid: Int32) {
        for (role, slot) in slots where slot.name == name && !name.isEmpty {
            if case .spawning = slot.machine.phase { slots[role]?.earlySignIn = pid }
            // glusterfsd -N is the process itself, so its pid is the one that we started.
            guard slot.machine.pid == pid else { continue }
            slots[role]?.reservation = nil
            deliver(.signedIn, to: role)
        }
    }

    /// Waits until no process runs on `bricks`; throws when one does not end.
    func waitForEnd(of bricks: [Brick], in volume: VolumeID) async throws {
        for _ in 0..<Limits.endPolls {
            let isRunning = bricks.contains { brick in
                // Another may be in its place already.
                guard let slot = slots[.brick(volume, index: brick.index)],
                    slot.brick?.path == brick.path
                else { return false }
                return !slot.machine.isDown
            }
            if !isRunning, !endUnsupervised(bricks, in: volume) { return }
            try await Task.sleep(for: .milliseconds(Limits.tickMs))
        }
        throw GD2Error(.conflict, "brick processes of the volume have not ended yet")
    }

    /// Ends processes of `bricks` that nobody follows: after a restart of this program a step may
    /// come before the view that they are recognised by. Whether there are any.
    private func endUnsupervised(_ bricks: [Brick], in volume: VolumeID) -> Bool {
        let marked = bricks.filter { BrickDirectory(path: $0.path).isMarked(volume) }
        guard !marked.isEmpty else { return false }
        let running = command.running()
        let found = marked.compactMap { running[command.socket(key: "brick \($0.path)")]?.pid }
        for pid in found { ProcessHandle.signalOnce(SIGTERM, pid: pid) }
        return !found.isEmpty
    }
}
