import SunRPC
import XDR

@testable import PmapService

/// Reads what the first bytes ask for; writes it, and reads it again.
enum XDRTarget {
    static func seeds() -> [[UInt8]] {
        var xdr = XDRWriter()
        xdr.put(UInt32(7))
        xdr.put(UInt64(1 << 40))
        xdr.put(opaque: [1, 2, 3])
        xdr.put(string: "é")
        xdr.put(opaque: [9])
        return [[5, 0, 1, 2, 3, 4] + xdr.bytes]
    }

    static func run(_ bytes: [UInt8]) {
        let wishes = bytes.dropFirst().prefix(Int(bytes.first ?? 0) % 32)
        let rest = Array(bytes.dropFirst(1 + wishes.count))
        var (reader, writer) = (XDRReader(rest.shifted), XDRWriter())
        do {
            for wish in wishes {
                let left = reader.left
                try copy(wish, from: &reader, to: &writer)
                check(reader.left < left || wish % 6 == 5, "what is read is behind")
            }
        } catch { return }
        let read = rest.count - reader.left
        check(reader.rest().elementsEqual(rest[read...]), "the rest is what was not read")
        check((try? reader.finish()) != nil, "nothing is left after the rest")
        let skipped = wishes.contains { $0 % 6 == 4 }
        check(skipped || writer.bytes.count == read, "what is read is as long as when written")
        var (again, copied) = (XDRReader(writer.bytes), XDRWriter())
        do {
            for wish in wishes where wish % 6 != 4 {
                try copy(wish, from: &again, to: &copied)
            }
        } catch { never(error, "what is written is read") }
        check(copied.bytes == writer.bytes, "what is written is read equal")
    }

    private static func copy(
        _ wish: UInt8, from reader: inout XDRReader, to writer: inout XDRWriter
    ) throws(XDRError) {
        switch wish % 6 {
        case 0: writer.put(try reader.uint32())
        case 1: writer.put(try reader.uint64())
        case 2: writer.put(opaque: try reader.opaque(limit: Int(wish)))
        case 3: writer.put(string: try reader.string(limit: Int(wish)))
        case 4: try reader.skipOpaque(limit: Int(wish))
        default: if reader.left >= 4 { writer.put(try reader.int32()) }
        }
    }
}

/// A stream gives the same records in however many pieces it comes.
enum RecordsTarget {
    private static let limit = 300

    static func seeds() -> [[UInt8]] {
        let two = RecordDecoder.encode([1, 2, 3]) + RecordDecoder.encode([])
        let fragments: [UInt8] = [0, 0, 0, 2, 8, 9, 0, 0, 0, 0, 0x80, 0, 0, 1, 7]
        let many = [[UInt8]](repeating: [0, 0, 0, 0], count: RecordDecoder.fragmentsMax + 1)
        let whole = RecordDecoder.encode([UInt8](repeating: 5, count: limit))
        let long = RecordDecoder.encode([UInt8](repeating: 5, count: limit + 1))
        return [two, fragments, Array(many.joined()), whole, long, two + [0x80, 0]]
            .map { [100] + $0 }
    }

    static func run(_ bytes: [UInt8]) {
        let stream = bytes.dropFirst()
        let cut = stream.count * Int(bytes.first ?? 0) / 255
        let whole = decode([stream])
        check(decode([stream.prefix(cut), stream.dropFirst(cut)]) == whole, "in two pieces")
        check(decode(stream.map { [$0] }) == whole, "byte by byte")
        check(whole.records.allSatisfy { $0.count <= limit }, "no record is longer than allowed")
        let sent = whole.records.reduce(0) { $0 + $1.count + 4 }
        check(sent + whole.partial <= stream.count, "nothing is longer than what was sent")
        let again = decode([whole.records.flatMap { RecordDecoder.encode($0) }[...]])
        check(again.records == whole.records, "what is encoded is decoded equal")
        check(again.error == nil && !again.isPartial, "nothing is left of what was encoded")
    }

    private struct Outcome: Equatable {
        var records: [[UInt8]] = []
        var error: RecordError?
        var isPartial = false
        var partial = 0
    }

    private static func decode(_ pieces: [ArraySlice<UInt8>]) -> Outcome {
        var (decoder, outcome) = (RecordDecoder(limit: limit), Outcome())
        for piece in pieces {
            let result = piece.withUnsafeBytes { bytes in
                Result { () throws(RecordError) in
                    try decoder.add(bytes) { outcome.records.append($0) }
                }
            }
            check(decoder.partialBytes <= limit, "what is held is no longer than a record")
            if case .failure(let error) = result {
                outcome.error = error
                return outcome
            }
        }
        (outcome.isPartial, outcome.partial) = (decoder.isPartial, decoder.partialBytes)
        return outcome
    }
}

/// The head of a record, and the answers to it.
enum RPCTarget {
    static func seeds() -> [[UInt8]] {
        let header = CallHeader(xid: 7, program: 14_398_633, version: 2, procedure: 2)
        var call = XDRWriter()
        for word in [9, 0, 2, 34_123_456, 1, 1, 1] as [UInt32] { call.put(word) }
        call.put(opaque: [UInt8](repeating: 1, count: 21))
        call.put(UInt32(0))
        call.put(opaque: [])
        call.put(string: "/bricks/b1")
        let answers = [
            Answer.success([1, 2]), .programUnavailable, .programMismatch(low: 1, high: 2),
            .procedureUnavailable, .garbageArguments, .systemError,
        ]
        return [callRecord(header, body: [1, 2, 3, 4]), call.bytes, Answer.versionDenied(xid: 5)]
            + answers.map { $0.record(xid: 8) }
    }

    static func run(_ bytes: [UInt8]) {
        guard let message = try? Message(bytes) else { return }
        switch message {
        case .call(let header, let body):
            check(body.elementsEqual(bytes.suffix(body.count)), "a body is the record's end")
            let record = callRecord(header, body: Array(body))
            guard case .call(header, let again)? = try? Message(record) else {
                fatalError("a call that is written is read")
            }
            check(again.elementsEqual(body), "a call that is written is read equal")
            let xid = header.xid
            checkAnswer(.success(Array(body)), xid, .max)
            checkAnswer(.programUnavailable, xid, 1)
            checkAnswer(.programMismatch(low: header.version, high: xid), xid, 2)
            checkAnswer(.procedureUnavailable, xid, 3)
            checkAnswer(.garbageArguments, xid, 4)
            checkAnswer(.systemError, xid, 5)
        case .wrongVersion(let xid):
            guard case .reply(xid, .failed(.max))? = try? Message(Answer.versionDenied(xid: xid))
            else { fatalError("a denial is a reply that failed") }
        case .reply(_, .success(let body)):
            check(body.elementsEqual(bytes.suffix(body.count)), "a body is the record's end")
        case .reply(_, .failed(let status)): check(status != 0, "0 is no failure")
        }
    }

    /// `status` is that of a failure.
    private static func checkAnswer(_ answer: Answer, _ xid: UInt32, _ status: UInt32) {
        switch (answer, try? Message(answer.record(xid: xid))) {
        case (.success(let body), .reply(xid, .success(let read))?):
            check(read.elementsEqual(body), "a reply that is written is read equal")
        case (_, .reply(xid, .failed(status))?): break
        case (_, let message): fatalError("\(answer) is read as \(message.debugDescription)")
        }
    }
}

/// The bytes that are peeked at.
enum FirstBytesTarget {
    static func seeds() -> [[UInt8]] {
        [
            [0x80, 0, 0, 0x28], [0, 0, 1, 0], [0x16, 3, 1, 2, 0, 1], Array("GET / HTTP/1.1".utf8),
            Array("PRI * HTTP/2.0".utf8), Array("get".utf8),
        ]
    }

    static func run(_ bytes: [UInt8]) {
        var known: FirstBytes?
        for count in 0...min(bytes.count, 8) {
            let now = FirstBytes(bytes.shifted.prefix(count))
            check(known == nil || now == known, "more bytes change nothing")
            check(now != nil || count < FirstBytes.needed, "so many bytes are enough")
            known = now
        }
        guard bytes.count >= 3 else { return }
        let isHandshake = bytes.starts(with: [0x16, 3])
        check((known == .tls) == isHandshake, "a handshake's record is TLS, nothing else is")
        check(bytes[0] < 0x80 || known == .sunRPC, "a last fragment is SunRPC")
    }
}
