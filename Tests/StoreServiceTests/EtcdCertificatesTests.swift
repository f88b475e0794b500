import EtcdProcess
import Foundation
import Testing

@Suite struct EtcdCertificatesTests {
    private static func with(_ body: (EtcdCertificates) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/gd2-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(EtcdCertificates(directory: folder))
    }

    private static let year: TimeInterval = 365 * 86_400
    private static let now = Date(timeIntervalSince1970: 56 * year)

    @Test func aClockThatIsSetBackMakesNoNewCertificates() throws {
        try Self.with { certificates in
            #expect(certificates.begin == nil)
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

    @Test func thoseOfAClockThatWasWrongAreMadeAnewWhenItIsSetRight() throws {
        try Self.with { certificates in
            let made = try [Date(timeIntervalSince1970: 0), Self.now, Self.now].map { now in
                try certificates.prepare(now: now)
            }
            #expect(made == [true, true, false])
        }
    }
}
