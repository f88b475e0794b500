import GD2Error
import Glibc
import Testing

@testable import CLICommands

/// What is said when an answer cannot be had, or not be written.
@Suite struct FailureTextTests {
    /// As NIOSSL's errors write themselves.
    private struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    private static func boringSSL(_ reason: String) -> Failure {
        Failure(
            description: "handshakeFailed(NIOSSL.BoringSSLError.sslError([Error: 268435581 "
                + "error:1000007d:SSL routines:OPENSSL_internal:\(reason) at "
                + "/src/.build/checkouts/swift-nio-ssl/handshake.cc:320]))")
    }

    @Test func anUnknownCertificateIsSaidWithTheWaysOut() throws {
        let message = try #require(
            TLSFailure.message(Self.boringSSL("CERTIFICATE_VERIFY_FAILED"), "https://h:24007"))
        #expect(message.hasPrefix("the certificate of https://h:24007 is not known here: "))
        #expect(message.contains("--cacert FILE") && message.contains("--insecure"))
    }

    @Test func noHandshakeSaysWhereNIOSSLWasBuilt() throws {
        for reason in ["CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER", "reason(1116)"] {
            let message = try #require(
                TLSFailure.message(Self.boringSSL(reason), "https://h:24007"))
            #expect(!message.contains("/src") && !message.contains("checkouts"))
            #expect(message.contains("--cacert FILE") && message.contains("--insecure"))
        }
        let other = TLSFailure.message(Self.boringSSL("WRONG_VERSION_NUMBER"), "https://h:24007")
        #expect(other?.contains("handshake with https://h:24007 failed (WRONG_VERSION") == true)
    }

    @Test func whatIsNotOfTLSIsLeftToOthers() {
        let failure = Failure(description: "Connection refused")
        #expect(TLSFailure.message(failure, "https://h:24007") == nil)
        #expect(TLSFailure.reasons(in: "") == [])
    }

    @Test func anAuthorityWithoutACertificateIsRefused() {
        let error = #expect(throws: GD2Error.self) {
            try APIClient(
                endpoint: "https://h:24007", signer: nil, trust: .authority("/dev/null"),
                timeout: .seconds(1))
        }
        #expect(error == GD2Error(.invalid, "--cacert /dev/null has no certificate in it (PEM)"))
    }

    @Test func whoHasNoSecretIsToldHowToGiveOne() {
        let body = Array(
            #"{"errors":[{"code":1,"message":"send Authorization: bearer …"}]}"#.utf8)
        let without = APIClient.failure(401, body, lacksSecret: true)
        #expect(without.code == .unauthenticated)
        #expect(
            without.message.hasPrefix(
                "send Authorization: bearer …; glustercli does that with --secret-file FILE"),
            "\(without.message)")
        #expect(!APIClient.failure(401, body, lacksSecret: false).message.contains("secret-file"))
        #expect(!APIClient.failure(404, body, lacksSecret: true).message.contains("secret-file"))
    }

    @Test func anAnswerThatIsLostIsAFailure() throws {
        let full = open("/dev/full", O_WRONLY)
        try #require(full >= 0)
        defer { close(full) }
        let error = #expect(throws: GD2Error.self) {
            try StandardStreams.write("gv0\n", to: full, as: "the answer")
        }
        #expect(
            error
                == GD2Error(
                    .internal, "the answer could not be written: No space left on device"))
        #expect(error.map { ExitStatus($0.code) } == .failed)
        #expect(throws: GD2Error.self) {
            try StandardStreams.write("gv0\n", to: -1, as: "the answer")
        }
    }

    @Test func allOfALongAnswerIsWritten() throws {
        var template = Array("/tmp/gd2-answer-XXXXXX".utf8CString)
        let file = mkstemp(&template)
        try #require(file >= 0)
        defer {
            close(file)
            unlink(template)
        }
        try StandardStreams.write(String(repeating: "ü", count: 1 << 19), to: file, as: "it")
        #expect(lseek(file, 0, SEEK_END) == 1 << 20)
    }

    @Test func whatIsThereAllTheSameIsSaid() {
        let error = #expect(throws: GD2Error.self) {
            try writing(orElse: "job j1 goes on") { throw GD2Error(.internal, "full") }
        }
        #expect(error == GD2Error(.internal, "full: job j1 goes on"))
    }
}
