import Certificates
import Foundation
import SwiftASN1
import TemporaryFolder
import Testing
import X509

/// Authorities and certificates as files, while they are exchanged.
@Suite struct AuthorityFilesTests {
    private static let now = Date()

    private static func pair(_ authority: Authority, _ name: String) throws -> KeyPair {
        let key = KeyPair.newKey()
        let certificate = try authority.issue(
            to: key.publicKey, commonName: name, hosts: ["h1"], now: now)
        return KeyPair(certificate: certificate, key: key)
    }

    @Test func ofSeveralAuthoritiesTheOneOfTheKeySigns() throws {
        let old = try Authority(named: "test", now: Self.now)
        let new = try Authority(named: "test", now: Self.now)
        try TemporaryFolder.with { folder in
            let both = try CertificateBundle.text([old.certificate, new.certificate])
            for authority in [old, new] {
                try authority.save(folder, "ca")
                try TextFile.write(folder + "/ca.pem", both)
                #expect(Authority(folder, "ca")?.certificate == authority.certificate)
            }
            #expect(CertificateBundle.read(folder + "/ca.pem").count == 2)
            try TextFile.write(folder + "/ca.pem", CertificateBundle.text([old.certificate]))
            #expect(Authority(folder, "ca") == nil)
        }
        let leaf = try Self.pair(new, "h1").certificate
        let roots = [old.certificate, new.certificate]
        #expect(CertificateChain.issuer(of: leaf, among: roots) == new.certificate)
        #expect(CertificateChain.issuer(of: leaf, among: [old.certificate]) == nil)
    }

    /// Whatever of a new pair is on disk when the program dies, there is a pair.
    @Test func aPairThatIsReplacedIsNeverHalf() throws {
        let authority = try Authority(named: "test", now: Self.now)
        let (old, new) = try (Self.pair(authority, "old"), Self.pair(authority, "new"))
        let (certificate, key) = try (new.certificatePEM, new.keyPEM)
        for written in 0...3 {
            try TemporaryFolder.with { folder in
                try old.save(folder, "node")
                if written > 0 { try TextFile.write(folder + "/node.pem.coming", certificate) }
                if written > 1 { try TextFile.write(folder + "/node.key", key) }
                if written > 2 { try TextFile.write(folder + "/node.pem", certificate) }
                let found = try #require(KeyPair(folder, "node"))
                let expected = written > 1 ? new : old
                #expect(found.certificate == expected.certificate, "after \(written) files")
                #expect(
                    CertificateBundle.read(folder + "/node.pem").first == expected.certificate,
                    "after \(written) files")
            }
        }
    }
}
