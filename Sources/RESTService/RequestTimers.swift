import Metrics
import Synchronization

/// How long requests took, by method and status; a timer is looked up, not made for each request.
final class RequestTimers: Sendable {
    private struct Key: Hashable {
        var method: String
        var status: Int
    }

    private let timers = Mutex<[Key: Metrics.Timer]>([:])

    func record(_ duration: Duration, method: String, status: Int) {
        let key = Key(method: method, status: status)
        let timer = timers.withLock { timers in
            if let known = timers[key] { return known }
            let timer = Metrics.Timer(
                label: "gd2_rest_request",
                dimensions: [("method", method), ("status", "\(status)")])
            if timers.count < Limits.timersMax { timers[key] = timer }
            return timer
        }
        timer.recordSeconds(duration / .seconds(1))
    }
}
