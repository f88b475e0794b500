import Crypto
import FoundationEssentials
import GlusterModel
import Volgen

/// Derives each volume's trusted-client credentials from the cluster's secret, so that no file and
/// no key holds them.
struct TrustedSecret: Sendable, Equatable {
    private let key: SymmetricKey

    init?(hex bytes: [UInt8]) {
        guard bytes.count >= 32 else { return nil }
        key = SymmetricKey(data: bytes)
    }

    func credentials(for volume: VolumeID) -> TrustedCredentials {
        TrustedCredentials(
            username: uuid("username:\(volume)"), password: uuid("password:\(volume)"))
    }

    private func uuid(_ text: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key)
        return VolumeID(bytes: Array(code.prefix(16)))?.description ?? ""
    }
}
