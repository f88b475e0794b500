import FoundationEssentials
import GD2Error
import GlusterModel
import RESTAPI
import Transaction
import VolumeOptions

@testable import RESTService
@testable import StoreAPI
@testable import XlatorTables

/// Decodes as gd2-rest does; what comes out is encoded and decoded equal. Nil: it is refused.
private func decoded<Value: Codable & Hashable>(_ type: Value.Type, _ bytes: [UInt8]) -> Value? {
    let value: Value
    do { value = try JSONDecoder().decode(type, from: Data(bytes)) } catch {
        check(error is DecodingError, "a body that is wrong is the client's error: \(error)")
        return nil
    }
    do {
        let again = try JSONDecoder().decode(type, from: JSONEncoder().encode(value))
        check(again == value, "what is encoded is decoded equal")
    } catch { never(error, "what is encoded is decoded") }
    return value
}

/// Bodies of the REST API; the first byte says of which type.
enum JSONTarget {
    private static let types: [(seed: String, run: @Sendable ([UInt8]) -> Void)] = [
        (#"{"options": {"performance.cache-size": "1MB", "a.b": "c"}}"#, of(VolOptionReq.self)),
        (#"{"options": ["a"], "all": false, "force": true}"#, of(VolOptionResetReq.self)),
        (
            #"{"name":"g","description":"d","options":[{"name":"user.a","onvalue":"b"}]}"#,
            of(OptionGroupInfo.self)
        ),
        (#"{"force-start-bricks": true}"#, of(VolumeStartReq.self)),
        (#"{"force": true}"#, of(VolumeStopReq.self)),
        (
            #"{"src-peerid":"n1","src-brickpath":"/a","dst-peerid":"n2","dst-brickpath":"/b","#
                + #""force":false,"flags":{"reuse-bricks":true},"fence":["n3"]}"#,
            of(ReplaceBrickReq.self)
        ),
        (#"{"token": "abc"}"#, of(JoinReq.self)), (#"{"snapshot": "abc"}"#, of(RecoverReq.self)),
        (
            #"{"addresses":["n2:24007"],"zone":"z","metadata":{"a":"b"},"code":"123"}"#,
            of(PeerAddReq.self)
        ),
        (
            #"{"zone":"z","metadata":{"a":"b"},"name":"n","addresses":["a"],"#
                + #""remove-metadata":["c"]}"#,
            of(PeerEditReq.self)
        ),
        (#"{"valid-seconds": 60, "uses": 3}"#, of(TokenCreateReq.self)),
        (#"{"valid-seconds": 60}"#, of(PairReq.self)),
        (#"{"errors":[{"code":1,"message":"m","fields":{"a":"b"}}]}"#, refusal),
    ]

    static func seeds() -> [[UInt8]] {
        types.enumerated().map { [UInt8($0.offset)] + Array($0.element.seed.utf8) }
            // One letter of many accents.
            + [[12] + Array(long(accents: 5_000).utf8)]
    }

    private static func long(accents: Int) -> String {
        let text = "a" + String(repeating: "\u{301}", count: accents)
        return #"{"errors":[{"code":1,"message":""# + text + #""}]}"#
    }

    static func run(_ bytes: [UInt8]) {
        types[Int(bytes.first ?? 0) % types.count].run(Array(bytes.dropFirst()))
    }

    private static func of<Value: Codable & Hashable & Sendable>(
        _ type: Value.Type
    ) -> @Sendable ([UInt8]) -> Void {
        { _ = decoded(type, $0) }
    }

    /// Whatever a message quotes, an answer is short.
    @Sendable private static func refusal(_ bytes: [UInt8]) {
        guard let response = decoded(ErrorResponse.self, bytes) else { return }
        for entry in response.errors {
            let answer = ErrorResponse(
                GD2Error(.invalid, entry.message, fields: entry.fields ?? [:]))
            for text in answer.errors.flatMap({ [$0.message] + Array(($0.fields ?? [:]).values) }) {
                check(text.utf8.count <= 8_192, "a message is short: \(text.utf8.count)")
            }
        }
    }
}

/// Records of the store; the first byte says of which type.
enum StoredTarget {
    private static let types: [@Sendable ([UInt8]) -> Void] = [
        of(VolumeHead.self), of(StoredLayout.self), of(StoredBricks.self), of(StoredOptions.self),
        of(StoredOptionGroup.self), of(StoredMembers.self), of(StoredToken.self), of(Peer.self),
        of(VolumeReport.self), of(TransactionRecord.self), of(JobRecord.self), of(Leftover.self),
        of(StoredFence.self), of(FenceTable.self), of(JSONValue.self),
    ]

    static func seeds() -> [[UInt8]] {
        let volume = VolumeTarget.volumes[1]
        let (id, peer) = (volume.id, volume.topology.bricks[0].peer)
        let fence = FencingToken(epoch: Epoch(1), token: 7)
        let owner = IncarnationID(high: 1, low: 2)
        let transaction = TransactionRecord(
            id: TransactionID(high: 3, low: 4), owner: owner, lock: "volume/v", fence: fence,
            operation: .createVolume, steps: [])
        let report = VolumeReport(
            volume: id, bootID: "b", incarnation: owner, headRevision: 5, converged: true,
            bricks: [BrickReport(index: 0, path: "/b", phase: .online, pid: 1, port: 49_152)])
        let member = StoredMembers.Member(id: 5, peer: peer, isLearner: false)
        let values: [(Int, any Encodable)] = [
            (0, volume.head), (1, StoredLayout(volume.topology)),
            (2, StoredBricks(volume.topology.bricks)), (3, StoredOptions(["a.b": "c"])),
            (4, StoredOptionGroup(description: "d", options: ["a": "b"])),
            (5, StoredMembers(members: [member])),
            (6, StoredToken(created: 1, expires: 2, usesLeft: 3)),
            (7, Peer(id: peer, name: "n", addresses: ["a"], clientAddresses: ["a:24007"])),
            (8, report), (9, transaction),
            (13, FenceTable(.init(token: fence, isUndo: true), for: "volume/v")),
        ]
        let extra = Array(#"{"a":null,"b":[1,-1.5,1e300,18446744073709551615,true],"c":{}}"#.utf8)
        return [[14] + extra]
            + values.compactMap { index, value in
                (try? RecordCoding.encode(value)).map { [UInt8(index)] + $0 }
            }
    }

    static func run(_ bytes: [UInt8]) {
        types[Int(bytes.first ?? 0) % types.count](Array(bytes.dropFirst()))
    }

    private static func of<Value: Codable & Hashable & Sendable>(
        _ type: Value.Type
    ) -> @Sendable ([UInt8]) -> Void {
        { bytes in
            guard let value = decoded(type, bytes) else { return }
            do {
                let plain = try RecordCoding.encode(value)
                let equal = try RecordCoding.encode(RecordCoding.decode(type, from: plain))
                check(equal == plain, "equal values have equal bytes")
                // What is skipped is not looked at, and may be no UTF-8.
                guard (try? RecordCoding.decode(JSONValue.self, from: bytes)) != nil else {
                    return
                }
                let merged = try RecordCoding.encode(value, updating: bytes)
                check(try RecordCoding.decode(type, from: merged) == value, "fields stay theirs")
                let again = try RecordCoding.encode(value, updating: merged)
                check(again == merged, "what is written again stays")
            } catch { never(error, "what was decoded is written") }
        }
    }
}

/// What the helper writes, and what an xlator's child does.
enum XlatorsTarget {
    static func seeds() -> [[UInt8]] {
        var option = XlatorOption(keys: ["eager-lock", "old-*"], type: .bool)
        (option.defaultValue, option.description) = ("on", "a lock")
        (option.opVersions, option.flags, option.level) = ([1], [.settable, .client], .basic)
        var other = XlatorOption(keys: ["cache-size"], type: .sizet)
        (other.minimum, other.maximum, other.check) = (4_194_304, 1e18, .min)
        var words = XlatorOption(keys: ["lookup-unhashed"], type: .str)
        words.allowed = ["on", "a*", "?"]
        let xlator = XlatorTable.Xlator(
            name: "cluster/afr", aliases: ["cluster/replicate"], options: [option])
        let table = XlatorTable(
            folder: "/x/10.3",
            xlators: [
                xlator, .init(name: "performance/io-cache", options: [other]),
                .init(name: "cluster/distribute", options: [words]),
            ],
            failures: [.init(xlator: "a/b", error: "c")])
        let child = try? JSONEncoder().encode(xlator)
        return [(try? table.bytes()) ?? [], Array(child ?? Data())]
    }

    static func run(_ bytes: [UInt8]) {
        _ = try? XlatorTable.Xlator(parsing: bytes)
        let table: XlatorTable
        do throws(XlatorTableError) { table = try XlatorTable(parsing: bytes) } catch {
            check(error.description.utf8.count <= 4_096, "a refusal is short")
            return
        }
        do {
            let again = try XlatorTable(parsing: table.bytes())
            check(again == table, "what is written is read equal")
        } catch { never(error, "what is written is read") }
        let merged = OptionTable.standard.merging(table.options)
        for entry in merged.entries {
            check(entry.kind.expectation.utf8.count <= 1 << 20, "an expectation is bounded")
            for value in ["on", "1", "-1", "10%", "64MB", "/a", "a,b"] {
                guard let stored = entry.kind.canonical(value) else { continue }
                check(entry.kind.canonical(stored) == stored, "a value is its canonical form")
            }
        }
    }
}
