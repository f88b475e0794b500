import EtcdProcess
import Foundation
import TemporaryFolder
import Testing

@Suite struct EtcdCertificatesTests {
    private static func with(_ body: (EtcdCertificates) throws -> Void) throws {
        try TemporaryFolder.with { try body(EtcdCertificates(directory: $0 + "/pki")) }
    }

    private static let year: TimeInterval = 365 * 86_400
    private static let now = Date(timeIntervalSince1970: 56 * year)

    @Test func aClockThatIsSetBackMakesNoNewCertificates() throws {
        try Self.with { certificates in
            #expect(certificates.begin == nil)
            #expect(certificates.authority == nil)
            #expect(try certificates.prepare(now: Self.now))
            let before = try Data(contentsOf: URL(filePath: certificates.path("server.pem")))
            let isMade = try certificates.prepare(now: Date(timeIntervalSince1970: 0))
            #expect(!isMade)
            let after = try Data(contentsOf: URL(filePath: certificates.path("server.pem")))
            #expect(before == after)
            let begin = try #require(certificates.begin)
            #expect(begin > Date(timeIntervalSince1970: 0) && begin <= Self.now)
        }
    }

    /// By which gd2-store knows that the etcd that runs trusts another one.
    @Test func anAuthorityWhoseKeyIsGoneIsAnotherThen() throws {
        try Self.with { certificates in
            #expect(try certificates.prepare(now: Self.now))
            let first = try #require(certificates.authority)
            let again = try certificates.prepare(now: Self.now)
            #expect(!again && certificates.authority == first)
            try FileManager.default.removeItem(atPath: certificates.path("client-ca.key"))
            #expect(try certificates.prepare(now: Self.now))
            #expect(certificates.authority != first && certificates.authority != nil)
        }
    }

    /// An etcd that runs has read its authority at its start, and would refuse another one's.
    @Test func thoseOfAClockThatWasWrongAreGoodWhenItIsSetRight() throws {
        try Self.with { certificates in
            let released = Date(timeIntervalSince1970: 1_788_220_800)
            let times = [
                Date(timeIntervalSince1970: 0), Self.now, released,
                released.addingTimeInterval(300 * 86_400),
            ]
            let made = try times.map { now in try certificates.prepare(now: now) }
            #expect(made == [true, false, false, false])
        }
    }

    @Test func aClockThatIsSetForwardMakesNewLeavesOfTheSameAuthority() throws {
        try Self.with { certificates in
            #expect(try certificates.prepare(now: Date(timeIntervalSince1970: 0)))
            let before = try Data(contentsOf: URL(filePath: certificates.path("client-ca.pem")))
            let later = Date(timeIntervalSince1970: 60 * Self.year)
            let made = try [later, later].map { now in try certificates.prepare(now: now) }
            #expect(made == [true, false])
            let after = try Data(contentsOf: URL(filePath: certificates.path("client-ca.pem")))
            #expect(before == after)
        }
    }
}
