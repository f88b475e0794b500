import GD2Error

/// What users note beside a volume or a peer. It stands in a record that every node has, so it is
/// small.
enum UserMetadata {
    private static let bytesMax = 4_096

    static func check(_ metadata: [String: String]) throws(GD2Error) {
        try checkKeys(Array(metadata.keys))
        try checkSize(metadata)
    }

    static func checkKeys(_ keys: [String]) throws(GD2Error) {
        for key in keys where key.isEmpty || key.hasPrefix("_") {
            throw GD2Error(
                .invalid, "metadata key \"\(key)\" is not possible: it is empty or begins with _")
        }
    }

    /// GD2's rule: keys that begin with `_` do not count.
    static func checkSize(_ metadata: [String: String]) throws(GD2Error) {
        let size = metadata.filter { !$0.key.hasPrefix("_") }
            .map { $0.key.utf8.count + $0.value.utf8.count }.reduce(0, +)
        guard size <= bytesMax else {
            throw GD2Error(
                .invalid, "metadata has \(size) bytes: \(bytesMax) are possible")
        }
    }
}
