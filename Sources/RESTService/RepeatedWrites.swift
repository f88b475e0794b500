import StoreAPI

extension LocalStore {
    /// Writes `value` at `key` with `operations`, where `conditions` compare that the key is as it
    /// was known: so at most one try is done, and the write is made again where no answer comes,
    /// as from an etcd that has given it to a leader that is just dying.
    func write(
        _ value: [UInt8], at key: String, if conditions: [Compare],
        then operations: [StoreAPI.Operation]
    ) async throws -> TxnResult {
        let end = ContinuousClock.now + Limits.writeWait
        var isUnclear = false
        while true {
            do {
                let result = try await store.txn(if: conditions, then: operations)
                guard !result.succeeded, isUnclear, let found = try await store.get(key),
                    found.value == value
                else { return result }
                return TxnResult(succeeded: true, revision: found.modRevision)
            } catch let error as StoreError {
                switch error {
                case .timedOut, .unavailable: isUnclear = true
                default: throw error
                }
                guard .now < end, !Task.isCancelled else { throw error }
            }
            try await Task.sleep(for: Limits.writeRetry)
            try await requireWritable()
        }
    }
}
