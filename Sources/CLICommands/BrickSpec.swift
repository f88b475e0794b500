public import GD2Error
public import GlusterModel

/// A brick as the operator names it: `HOST:/path`, `[v6]:/path` or `PEER-ID:/path`.
public struct BrickSpec: Hashable, Sendable {
    public let host: String
    public let path: BrickPath

    /// Throws `invalid`, saying the form that is accepted.
    public init(validating text: String) throws(GD2Error) {
        guard let separator = text.firstRange(of: ":/") else {
            throw GD2Error(.invalid, "brick \"\(text)\" is not of the form HOST:/path")
        }
        var host = text[..<separator.lowerBound]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw GD2Error(
                .invalid, "brick \"\(text)\" names an IPv6 address: write it as [ADDRESS]:/path")
        }
        guard !host.isEmpty else {
            throw GD2Error(.invalid, "brick \"\(text)\" names no host: write HOST:/path")
        }
        self.host = String(host)
        do {
            path = try BrickPath(validating: String(text[separator.lowerBound...].dropFirst()))
        } catch {
            throw GD2Error(.invalid, error.description)
        }
    }
}
