import GD2Error
import GlusterModel
import StoreAPI
import Transaction

/// Causes as the journal keeps them, and as they are told.
extension TransactionRunner {
    static func join(_ code: ErrorCode, _ text: String, step: Int? = nil) -> String {
        "\(code.rawValue)\(step.map { "/\($0)" } ?? ""): \(text)"
    }

    private static let cancelMark = "cancelled: "

    /// The cause of an undo that somebody asked for.
    static func cancelled(_ value: KeyValue) -> String {
        let record = try? RecordCoding.decode(CancelRecord.self, from: value.value)
        return cancelMark + "cancelled by \(record?.by ?? "somebody")"
    }

    static func isCancelled(_ cause: String) -> Bool { cause.hasPrefix(cancelMark) }

    /// GD2's fields say at which step, of which peer, it failed.
    static func failure(of record: TransactionRecord, _ cause: String) -> GD2Error {
        if isCancelled(cause) {
            return GD2Error(
                .conflict,
                "\(record.operation.rawValue) was "
                    + cause.dropFirst(cancelMark.count) + ", and is undone",
                fields: ["job": record.job.description])
        }
        if cause == TransactionEngine.coordinatorDied {
            return GD2Error(
                .unavailable,
                "\(record.operation.rawValue) is undone, since the gd2-rest that "
                    + "carried it out died: ask for it again",
                fields: ["job": record.job.description])
        }
        guard let colon = cause.firstRange(of: ": ") else { return GD2Error(.internal, cause) }
        let head = cause[..<colon.lowerBound].split(separator: "/")
        guard let code = head.first.flatMap({ ErrorCode(rawValue: String($0)) }) else {
            return GD2Error(.internal, cause)
        }
        var fields: [String: String] = [:]
        if head.count == 2, let number = Int(head[1]), record.steps.indices.contains(number) {
            let step = record.steps[number]
            fields = ["step": step.action.rawValue, "peer-id": step.peer.description]
        }
        return GD2Error(code, String(cause[colon.upperBound...]), fields: fields)
    }

    static func unfinished(_ record: TransactionRecord, _ cause: String) -> GD2Error {
        let failure = failure(of: record, cause)
        return GD2Error(
            failure.code == .internal ? .unavailable : failure.code,
            "\(record.operation.rawValue) is not ended yet, and goes on by itself: "
                + failure.message + "; glustercli job wait \(record.job)",
            fields: failure.fields.merging(["job": record.job.description]) { $1 })
    }

    static func failure(_ error: any Error) -> GD2Error {
        switch error {
        case let error as GD2Error: error
        case let error as StoreError:
            switch error {
            case .unavailable, .compacted, .epochChanged:
                GD2Error(.unavailable, "\(error)")
            case .timedOut: GD2Error(.timedOut, "\(error)")
            case .denied, .invalid: GD2Error(.internal, "\(error)")
            }
        default: GD2Error(.internal, "\(error)")
        }
    }
}
