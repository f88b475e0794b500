import CoreMetrics
import Glibc
import Synchronization

/// All metrics of this process, written as Prometheus text (exposition format 0.0.4).
final class PrometheusRegistry: MetricsFactory, Sendable {
    private enum Kind: String { case counter, gauge, summary }

    private struct Series: Hashable {
        var name: String
        var labels: [String]
    }

    private struct Sample {
        var kind: Kind
        var sum = 0.0
        var count: Int64 = 0
    }

    private let samples = Mutex<[Series: Sample]>([:])

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        handle(label, dimensions, .counter)
    }

    func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        handle(label, dimensions, aggregate ? .summary : .gauge)
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        handle(label + "_seconds", dimensions, .summary)
    }

    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}

    /// Series in the order of their names.
    func text() -> String {
        let all = samples.withLock { $0 }
            .sorted {
                ($0.key.name, $0.key.labels.joined()) < ($1.key.name, $1.key.labels.joined())
            }
        var text = ""
        var last = ""
        for (series, sample) in all {
            if series.name != last { text += "# TYPE \(series.name) \(sample.kind.rawValue)\n" }
            last = series.name
            let labels =
                series.labels.isEmpty ? "" : "{" + series.labels.joined(separator: ",") + "}"
            if sample.kind == .summary {
                text += "\(series.name)_sum\(labels) \(sample.sum)\n"
                text += "\(series.name)_count\(labels) \(sample.count)\n"
            } else {
                text += "\(series.name)\(labels) \(sample.sum)\n"
            }
        }
        return text
    }

    private func handle(
        _ label: String, _ dimensions: [(String, String)], _ kind: Kind
    ) -> Handle {
        let series = Series(
            name: Self.name(label),
            labels: dimensions.map { "\(Self.name($0.0))=\"\(Self.escaped($0.1))\"" })
        samples.withLock { samples in
            // Bounded: a label that takes any value must not fill the memory.
            if samples[series] == nil, samples.count < Limits.metricSeries {
                samples[series] = Sample(kind: kind)
            }
        }
        return Handle { [weak self] update in
            self?.samples.withLock { samples in
                guard var sample = samples[series] else { return }
                switch update {
                case .add(let value): sample.sum += value
                case .set(let value): sample.sum = value
                case .record(let value):
                    sample.sum = kind == .gauge ? value : sample.sum + value
                    sample.count += 1
                case .reset: sample = Sample(kind: kind)
                }
                samples[series] = sample
            }
        }
    }

    private static func name(_ label: String) -> String {
        String(label.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    private static func escaped(_ value: String) -> String {
        value.reduce(into: "") { text, letter in
            switch letter {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "\n": text += "\\n"
            default: text.append(letter)
            }
        }
    }
}

private final class Handle: CounterHandler, RecorderHandler, TimerHandler {
    enum Update {
        case add(Double)
        case set(Double)
        case record(Double)
        case reset
    }

    private let update: @Sendable (Update) -> Void

    init(_ update: @escaping @Sendable (Update) -> Void) { self.update = update }

    func increment(by amount: Int64) { update(.add(Double(amount))) }
    func reset() { update(.reset) }
    func record(_ value: Int64) { update(.record(Double(value))) }
    func record(_ value: Double) { update(.record(value)) }
    func recordNanoseconds(_ duration: Int64) { update(.record(Double(duration) / 1e9)) }
}
