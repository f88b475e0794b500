public import GlusterModel

/// Which process of this node is meant.
public enum ProcessRole: Hashable, Sendable, CustomStringConvertible {
    case brick(VolumeID, index: Int)
    case selfHeal(VolumeID)

    public var volume: VolumeID {
        switch self {
        case .brick(let volume, _), .selfHeal(let volume): volume
        }
    }

    /// The index under which it is reported: −1 for the self-heal daemon.
    public var index: Int {
        switch self {
        case .brick(_, let index): index
        case .selfHeal: -1
        }
    }

    public var description: String {
        switch self {
        case .brick(let volume, let index): "brick \(index) of \(volume)"
        case .selfHeal(let volume): "self-heal daemon of \(volume)"
        }
    }
}

/// One process that should run or not, and what is done about it.
///
///     down ──want up──▶ spawning ──spawned──▶ starting ──signed in──▶ online
///      ▲                   │ failed              │ exited               │ exited
///      └─── after a pause ─┴─────────────────────┴──────────────────────┘
///     starting, online ──want down──▶ stopping ──exited──▶ down
public struct SupervisedProcess: Hashable, Sendable {
    public enum Phase: Hashable, Sendable {
        case down(retryAt: Duration?)
        /// The launcher was asked and has not answered.
        case spawning
        /// Runs, and has not signed in. No deadline: it ran before this program did, and may well
        /// serve clients.
        case starting(pid: Int32, deadline: Duration?)
        case online(pid: Int32, since: Duration)
        case stopping(pid: Int32, deadline: Duration)
    }

    public enum Event: Hashable, Sendable {
        /// Said again at every look at the cluster's state. `request` raised: try at once.
        case want(up: Bool, request: Int)
        case spawned(pid: Int32)
        case spawnFailed(String)
        /// Found running, so it is wanted until somebody says otherwise; `isListening` when it
        /// answers on its port.
        case adopted(pid: Int32, isListening: Bool)
        case signedIn
        case exited(String)
        case tick
    }

    public enum Effect: Hashable, Sendable {
        case spawn
        case terminate(pid: Int32)
        case kill(pid: Int32)
    }

    public private(set) var phase: Phase = .down(retryAt: nil)
    public private(set) var isWanted = false
    /// Ends in a row that nobody wanted.
    public private(set) var failures = 0
    /// Why it ended last.
    public private(set) var message = ""
    private var request = 0

    public init() {}

    public mutating func next(on event: Event, now: Duration) -> [Effect] {
        switch event {
        case .want(let up, let request):
            // What somebody wants anew has nothing behind it, and what nobody wants has not failed.
            let isAnew = up && !isWanted || request > self.request
            if isAnew { failures = 0 }
            if isDown, isAnew || !up { (failures, message) = (0, "") }
            isWanted = up
            self.request = max(request, self.request)
            return settle(now, atOnce: isAnew)
        case .spawned(let pid):
            phase = .starting(pid: pid, deadline: now + Limits.startTime)
            return settle(now, atOnce: false)
        case .spawnFailed(let why), .exited(let why):
            ended(why, now)
            return settle(now, atOnce: false)
        case .adopted(let pid, let isListening):
            isWanted = true
            phase =
                isListening
                ? .online(pid: pid, since: now) : .starting(pid: pid, deadline: nil)
            return []
        case .signedIn:
            if case .starting(let pid, _) = phase {
                phase = .online(pid: pid, since: now)
                message = ""
            }
            return []
        case .tick: return settle(now, atOnce: false)
        }
    }

    /// What is to be done about the difference between wish and phase.
    private mutating func settle(_ now: Duration, atOnce: Bool) -> [Effect] {
        switch (phase, isWanted) {
        case (.down(let retryAt), true):
            if let retryAt, now < retryAt, !atOnce { return [] }
            phase = .spawning
            return [.spawn]
        case (.starting(let pid, _), false), (.online(let pid, _), false):
            phase = .stopping(pid: pid, deadline: now + Limits.stopTime)
            return [.terminate(pid: pid)]
        case (.online(_, let since), true):
            if failures > 0, now - since > Limits.healthyAfter { failures = 0 }
            return []
        case (.stopping(let pid, let deadline), _):
            guard now >= deadline else { return [] }
            phase = .stopping(pid: pid, deadline: now + Limits.stopTime)
            return [.kill(pid: pid)]
        case (.starting(let pid, let deadline), true):
            // It hangs; its end is reported as any other, and it is started anew.
            guard let deadline, now >= deadline else { return [] }
            phase = .starting(pid: pid, deadline: now + Limits.startTime)
            return [.kill(pid: pid)]
        case (.down, false), (.spawning, _): return []
        }
    }

    private mutating func ended(_ why: String, _ now: Duration) {
        var wasStopping = false
        if case .stopping = phase { wasStopping = true }
        guard isWanted, !wasStopping else {
            phase = .down(retryAt: nil)
            (failures, message) = (0, "")
            return
        }
        message = why
        let pause = Limits.backOff[min(failures, Limits.backOff.count - 1)]
        failures += 1
        phase = .down(retryAt: now + pause)
    }

    public var pid: Int32? {
        switch phase {
        case .down, .spawning: nil
        case .starting(let pid, _), .online(let pid, _), .stopping(let pid, _): pid
        }
    }

    /// Whether it is just being started.
    public var isBeginning: Bool {
        switch phase {
        case .spawning, .starting: true
        case .down, .online, .stopping: false
        }
    }

    /// Whether nothing of it runs or is just being started.
    public var isDown: Bool {
        if case .down = phase { return true }
        return false
    }

    /// Whether it is as it is wanted.
    public var isConverged: Bool {
        switch phase {
        case .online: isWanted
        case .down: !isWanted
        case .spawning, .starting, .stopping: false
        }
    }

    /// Whether a ``Event/tick`` may do something sooner or later; to one at rest it does nothing.
    public var isRestless: Bool {
        switch phase {
        case .spawning: false
        case .starting, .stopping: true
        case .online: !isWanted || failures > 0
        case .down: isWanted
        }
    }

    /// How it is reported.
    public var reported: BrickReport.Phase {
        switch phase {
        case .down: isWanted && failures >= Limits.failuresReported ? .failed : .offline
        case .spawning, .starting: failures >= Limits.failuresReported ? .failed : .starting
        case .online: .online
        case .stopping: .stopping
        }
    }
}
