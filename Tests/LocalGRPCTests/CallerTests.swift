import GD2Error
import GRPCCore
import NIOCore
import NIOEmbedded
import NIOHPACK
import NIOHTTP2
import Testing

@testable import LocalGRPC

@Suite struct CallerTests {
    @Test func theHeaderOfACallerIsReplacedByTheKernelsWord() throws {
        let real = PeerCredentials(pid: 7, uid: 1_000, gid: 100)
        let channel = EmbeddedChannel(handler: CredentialsHeader(real))
        var forged: HPACKHeaders = [":path": "/s/m", "other": "kept"]
        forged.add(name: "gd2-peer-credentials", value: "1,0,0")
        forged.add(name: "GD2-Peer-Credentials", value: "1,0,0")
        try channel.writeInbound(HTTP2Frame.FramePayload.headers(.init(headers: forged)))
        let read = try channel.readInbound(as: HTTP2Frame.FramePayload.self)
        guard case .headers(let headers)? = read else {
            Issue.record("no headers came through")
            return
        }
        #expect(headers.headers["gd2-peer-credentials"] == ["7,1000,100"])
        #expect(headers.headers["other"] == ["kept"])
        _ = try channel.finish(acceptAlreadyClosed: true)
    }

    @Test(arguments: ["", "1,2", "1,2,3,4", "a,b,c", "1,-2,3", "1,2,99999999999", "1,,3"])
    func aDamagedHeaderIsNobody(text: String) {
        #expect(PeerCredentials(header: text) == nil)
    }

    @Test func credentialsSurviveTheirHeader() {
        let credentials = PeerCredentials(pid: 12, uid: .max, gid: 0)
        #expect(PeerCredentials(header: credentials.header) == credentials)
    }

    private func programs(_ uid: UInt32, in table: CallerTable) -> Set<String> {
        table.programs(of: PeerCredentials(pid: 1, uid: uid, gid: 0))
    }

    @Test func theTableGivesEachUserItsProgram() {
        let names = ["990": "gd2-rest", "991": "gd2-pmap", "no-such-user-here": "gd2-rest"]
        let table = CallerTable(names: names, self: 990)
        #expect(programs(0, in: table) == ["admin", "gd2-brickd"])
        #expect(programs(990, in: table) == ["gd2-rest"])
        #expect(programs(991, in: table) == ["gd2-pmap"])
        #expect(programs(1_000, in: table) == [])
        #expect(programs(.max, in: table) == [])
    }

    @Test func aSuiteRunByOneUserTrustsThatUserAlone() {
        let table = CallerTable(names: ["990": "gd2-rest"], self: 1_000)
        #expect(programs(1_000, in: table).isSuperset(of: ["admin", "gd2-rest", "gd2-pmap"]))
        #expect(programs(990, in: table) == ["gd2-rest"])
        #expect(programs(1_001, in: table) == [])
        let root = CallerTable(names: [:], self: 0)
        #expect(programs(0, in: root).isSuperset(of: ["gd2-store", "gd2-rest", "gd2-pmap"]))
    }

    @Test(arguments: ErrorCode.allCases)
    func anErrorIsTheSameAtTheOtherEnd(code: ErrorCode) {
        let error = GD2Error(code, "volume gv0 ist gestört ✗", fields: ["brick": "/b/é"])
        #expect(GD2Error(error.rpcError, from: "gd2-store") == error)
    }

    @Test(arguments: [
        (RPCError.Code.unavailable, ErrorCode.unavailable), (.deadlineExceeded, .timedOut),
        (.permissionDenied, .notAllowed), (.unauthenticated, .notAllowed), (.unknown, .internal),
    ])
    func aFailedConnectionNamesTheProgram(status: RPCError.Code, code: ErrorCode) {
        let error = GD2Error(RPCError(code: status, message: "m"), from: "gd2-store")
        #expect(error.code == code)
        #expect(error.message.contains("gd2-store") || error.message == "m")
    }
}
