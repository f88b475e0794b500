import Certificates
import Foundation
import SwiftASN1
import TemporaryFolder
import Testing
import X509

@Suite struct CertificatesTests {
    private static let now = Date()
    private let authority: Authority
    private let key = KeyPair.newKey()

    init() throws { authority = try Authority(named: "test", now: Self.now) }

    private func issue(_ authority: Authority, now: Date = Self.now) throws -> Certificate {
        try authority.issue(
            to: key.publicKey, commonName: "peer", hosts: ["h1", "127.0.0.1", "::1"], now: now)
    }

    private func isRefused(_ leaf: Certificate) async -> Bool {
        let name = try? await CertificateChain.verifiedName(
            of: leaf, roots: [authority.certificate])
        return name == nil
    }

    @Test func whatAnAuthoritySignedBearsItsName() async throws {
        let name = try await CertificateChain.verifiedName(
            of: issue(authority), roots: [authority.certificate])
        #expect(name == "peer")
    }

    @Test func oneOfSeveralAuthoritiesIsEnough() async throws {
        let old = try Authority(named: "test", now: Self.now)
        let name = try await CertificateChain.verifiedName(
            of: issue(authority), roots: [old.certificate, authority.certificate])
        #expect(name == "peer")
    }

    @Test func anotherAuthorityOfTheSameNameIsRefused() async throws {
        let other = try Authority(named: "test", now: Self.now)
        let leaf = try issue(other)
        #expect(await isRefused(leaf))
    }

    @Test func anEndedOneIsRefused() async throws {
        let leaf = try issue(authority)
        let ended = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: key.publicKey,
            notValidBefore: Self.now.addingTimeInterval(-2 * 86_400),
            notValidAfter: Self.now.addingTimeInterval(-86_400),
            issuer: authority.certificate.subject, subject: leaf.subject,
            signatureAlgorithm: .ecdsaWithSHA256, extensions: leaf.extensions,
            issuerPrivateKey: .init(pemEncoded: authority.keyPEM))
        #expect(await isRefused(ended))
    }

    /// A machine without a battery makes its certificates before its clock is put right.
    @Test func whatIsMadeIn1970IsGoodWithTheRightClock() async throws {
        let then = Date(timeIntervalSince1970: 3_600)
        let made = try Authority(named: "test", now: then)
        let leaf = try issue(made, now: then)
        for certificate in [made.certificate, leaf] {
            #expect(certificate.notValidBefore < then)
        }
        let released = Date(timeIntervalSince1970: 1_788_220_800)
        #expect(made.certificate.notValidAfter > released.addingTimeInterval(9 * 365 * 86_400))
        #expect(leaf.notValidAfter > released.addingTimeInterval(300 * 86_400))
        // Of a clock that is right the life goes by the clock.
        let later = Date(timeIntervalSince1970: 2_000_000_000)
        let end = try issue(try Authority(named: "test", now: later), now: later).notValidAfter
        #expect(abs(end.timeIntervalSince(later) - 365 * 86_400) < 2)
    }

    @Test func oneThatSignsForItselfIsRefused() async throws {
        let own = try KeyPair.selfSigned(key, named: "peer", now: Self.now)
        #expect(await isRefused(own.certificate))
    }

    @Test func aLeafSignsNoLeaf() async throws {
        let leaf = try issue(authority)
        let forger = try Authority(
            certificatePEM: leaf.serializeAsPEM().pemString,
            keyPEM: key.serializeAsPEM().pemString)
        let forged = try issue(forger)
        #expect(await isRefused(forged))
    }

    @Test func aPairOfFilesThatDoNotBelongTogetherIsNone() throws {
        try TemporaryFolder.with { folder in
            try KeyPair(certificate: issue(authority), key: key).save(folder, "node")
            #expect(KeyPair(folder, "node")?.lasts(until: Self.now) == true)
            try TextFile.write(folder + "/node.key", KeyPair.newKey().serializeAsPEM().pemString)
            #expect(KeyPair(folder, "node") == nil)
            try authority.save(folder, "ca")
            #expect(Authority(folder, "ca") != nil)
            try TextFile.write(folder + "/ca.pem", "damaged")
            #expect(Authority(folder, "ca") == nil)
        }
    }

    @Test func theFingerprintOfAKeyIsTheSameInEveryCertificate() throws {
        let one = try issue(authority)
        let two = try KeyPair.selfSigned(key, named: "other", now: Self.now).certificate
        #expect(
            CertificateChain.fingerprint(of: one.publicKey)
                == CertificateChain.fingerprint(of: two.publicKey))
        #expect(
            try CertificateChain.fingerprint(of: one) != CertificateChain.fingerprint(of: two))
    }
}
