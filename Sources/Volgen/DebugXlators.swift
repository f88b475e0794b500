import Volfile
import VolumeOptions

extension GraphBuilder {
    /// Where a brick's graph can have debug xlators: by xlator type, the word of `debug.*`.
    static let brickDebugPositions = Dictionary(
        uniqueKeysWithValues: OptionTable.debugPositions.filter { $0 != "client" }.map {
            switch $0 {
            case "posix": ("storage/posix", $0)
            case "io-threads": ("performance/io-threads", $0)
            default: ("features/\($0)", $0)
            }
        })

    /// Where one of the three options names the position, all of the three that are not off are
    /// put there, as glusterd does it.
    mutating func addDebug(at position: String) {
        let keys = ["debug.trace", "debug.error-gen", "debug.delay-gen"]
        guard keys.contains(where: { set($0) == position }) else { return }
        for key in keys {
            guard let value = set(key), value != "off" else { continue }
            stack("debug/" + key.dropFirst("debug.".count))
        }
    }
}
