import NIOSSL

/// What is said when TLS does not come about. NIOSSL's own texts are never shown whole: they have
/// paths of the sources that it was built from.
enum TLSFailure {
    private static let reasonsMark = "OPENSSL_internal:"

    /// Nil: `error` is none of TLS.
    static func message(_ error: any Error, _ endpoint: String) -> String? {
        let reasons = Self.reasons(in: "\(error)")
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
            return "the certificate of \(endpoint) is not for that host: use a name or address "
                + "that it has, or take any certificate with --insecure"
        }
        // NIOSSL tells by its text alone why a handshake failed.
        if reasons.contains("CERTIFICATE_VERIFY_FAILED") {
            return "the certificate of \(endpoint) is not known here: name its authority with "
                + "--cacert FILE, or take any certificate with --insecure"
        }
        let isOfTLS =
            error is NIOSSLError || error is NIOSSLExtraError || error is BoringSSLError
        guard isOfTLS || !reasons.isEmpty else { return nil }
        let why = reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))"
        return "the TLS handshake with \(endpoint) failed\(why): see that it takes https there, "
            + "and that its certificate is known here (--cacert FILE, or --insecure)"
    }

    /// BoringSSL's words, as in "…:OPENSSL_internal:WRONG_VERSION_NUMBER at FILE:LINE".
    static func reasons(in text: String) -> [String] {
        var reasons: [String] = []
        var rest = text[...]
        while let mark = rest.firstRange(of: reasonsMark) {
            let reason = rest[mark.upperBound...].prefix { $0 != " " }
            reasons.append(String(reason))
            rest = rest[reason.endIndex...]
        }
        return reasons
    }
}
