import AuthorityExchange
import Certificates
import Foundation
import GlusterModel
import StoreAPI
import SwiftASN1
import TemporaryFolder
import Testing
import X509

@testable import StoreService

@Suite struct AuthorityFilesTests {
    private static let now = Date()

    /// Certificates of a node that has founded its cluster.
    private static func with(
        now: Date = now, _ body: (ClusterCertificates) throws -> Void
    ) throws {
        try TemporaryFolder.with { folder in
            let certificates = ClusterCertificates(
                stateDirectory: folder + "/state", cluster: ClusterID(high: 1, low: 1))
            _ = try certificates.prepare(
                peer: PeerID(high: 2, low: 2), hosts: ["h1"], isFounding: true, now: now)
            try body(certificates)
        }
    }

    private static func begun(_ certificates: ClusterCertificates) throws -> KnownExchange {
        func texts(_ name: String) throws -> [String] {
            try certificates.roots(name).map { try $0.serializeAsPEM().pemString }
        }
        let old = try StoredAuthorityExchange.Authorities(
            node: texts("node-ca"), member: texts("peer-ca"))
        return try KnownExchange(
            StoredAuthorityExchange(
                phase: .trusting, began: 0, old: old, new: certificates.makeNext(now: now)))
    }

    /// gd2-store starts anew with each certificate that it makes, and looks each minute.
    @Test func anAuthorityThatEndsMakesNoCertificateAgainAndAgain() throws {
        let founded = Date(timeIntervalSince1970: 2_000_000_000)
        let look = { (certificates: ClusterCertificates, days: TimeInterval) in
            try certificates.prepare(
                peer: PeerID(high: 2, low: 2), hosts: ["h1"], isFounding: true,
                now: founded.addingTimeInterval(days * 86_400))
        }
        try Self.with(now: founded) { certificates in
            let days: [TimeInterval] = [0, 330, 340, 3_640, 3_640, 3_645, 3_651, 3_660]
            let made = try days.map { try look(certificates, $0) }
            #expect(made == [false, false, true, true, false, false, false, false])
        }
    }

    @Test func keysChangeHandsAndLeaveNothingBehind() throws {
        try Self.with { certificates in
            let old = certificates.heldKeys.now
            let known = try Self.begun(certificates)
            let new: Set = [known.exchange.new.node, known.exchange.new.member]
            #expect(certificates.heldKeys.now == old && certificates.heldKeys.next == new)
            #expect(try !certificates.trust("node-ca", known.bothNode))
            #expect(try !certificates.trust("peer-ca", known.bothMember))
            #expect(certificates.heldKeys.now == old)
            // Cut short after the key was written, it is done again.
            let next = try certificates.nextTexts
            try certificates.takeNext(known.exchange.new)
            #expect(certificates.heldKeys.now == new && certificates.heldKeys.next.isEmpty)
            try certificates.keepNext(
                "node-ca", certificate: next.node.certificate, key: next.node.key)
            #expect(certificates.heldKeys.next.isEmpty, "it signs with that already")
            #expect(try certificates.trust("node-ca", [known.new.node]))
            #expect(certificates.issuer(of: "node", "node-ca") == "", "the old one is no root")
        }
    }

    @Test func keysOfOthersAreNotTaken() throws {
        try Self.with { certificates in
            let old = certificates.heldKeys.now
            _ = try Self.begun(certificates)
            try certificates.takeNext(AuthorityNames(node: "00", member: "11"))
            #expect(certificates.heldKeys.now == old)
            try certificates.dropNext()
            #expect(certificates.heldKeys.next.isEmpty)
            try certificates.dropKeys(except: AuthorityNames(node: "00", member: "11"))
            #expect(certificates.heldKeys.now.isEmpty)
        }
    }

    /// A node that was a member, and is none when the authorities are exchanged.
    @Test func noKeyIsLeftWhoseAuthorityIsTrustedNoMore() throws {
        try Self.with { certificates in
            let known = try Self.begun(certificates)
            try certificates.dropNext()
            _ = try certificates.trust("node-ca", [known.new.node])
            try certificates.dropKeys(except: known.exchange.new)
            for name in ClusterCertificates.authorityNames {
                #expect(TextFile.read(certificates.path(name + ".key")) == nil)
            }
        }
    }

    @Test func etcdGetsACopyWhoseNameTellsWhatIsInIt() throws {
        try Self.with { certificates in
            let one = try certificates.freezeMemberTrust()
            #expect(try certificates.freezeMemberTrust() == one)
            let known = try Self.begun(certificates)
            _ = try certificates.trust("peer-ca", known.bothMember)
            let two = try certificates.freezeMemberTrust()
            #expect(one != two)
            #expect(CertificateBundle.read(certificates.path(one)).count == 1)
            try certificates.dropMemberTrust(except: two)
            #expect(CertificateBundle.read(certificates.path(one)).isEmpty)
            #expect(CertificateBundle.read(certificates.path(two)).count == 2)
        }
    }
}
