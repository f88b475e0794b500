import Seeded
import SunRPC
import Testing
import XDR

@Suite struct SunRPCTests {
    /// RFC 5531, section 9: reply, accepted, verifier AUTH_NONE, then the status.
    @Test(arguments: [
        (Answer.success([9, 9, 9, 9]), [0, 0, 0, 0, 9, 9, 9, 9]),
        (.programUnavailable, [0, 0, 0, 1]),
        (.programMismatch(low: 2, high: 3), [0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3]),
        (.procedureUnavailable, [0, 0, 0, 3]), (.garbageArguments, [0, 0, 0, 4]),
        (.systemError, [0, 0, 0, 5]),
    ])
    func anAnswerHasTheBytesOfRFC5531(answer: Answer, end: [UInt8]) throws {
        let record = answer.record(xid: 0x0102_0304)
        let accepted: [UInt8] = [1, 2, 3, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        #expect(record == accepted + end)
        guard case .reply(xid: 0x0102_0304, let reply) = try Message(record) else {
            Issue.record("not read as a reply")
            return
        }
        switch reply {
        case .success(let body): #expect(answer == .success(Array(body)))
        case .failed(let status): #expect(status == UInt32(end[3]))
        }
    }

    @Test func aCallIsReadBackWithItsArguments() throws {
        let header = CallHeader(xid: 7, program: 34_123_456, version: 1, procedure: 4)
        guard case .call(let read, let body) = try Message(callRecord(header, body: [1, 2, 3, 4]))
        else {
            Issue.record("not read as a call")
            return
        }
        #expect(read == header)
        #expect(Array(body) == [1, 2, 3, 4])
    }

    @Test func aCredentialAboveTheLimitIsRefused() {
        var xdr = XDRWriter()
        for word in [1, 0, 2, 3, 4, 5, 0] as [UInt32] { xdr.put(word) }
        xdr.put(UInt32(4_097))
        let head = xdr.bytes
        let record = head + [UInt8](repeating: 0, count: 8_192)
        #expect(throws: XDRError.tooLong(length: 4_097, limit: 4_096)) { try Message(record) }
    }

    @Test func aDeniedReplyHasFailed() throws {
        let denied = Answer.versionDenied(xid: 3)
        guard case .reply(xid: 3, .failed) = try Message(denied) else {
            Issue.record("not read as a denial")
            return
        }
    }

    @Test func bentBytesNeverTrapAndChangeNoneButTheirOwnPlace() {
        var generator = SplitMix(seed: 21)
        let header = CallHeader(xid: 1, program: 2, version: 3, procedure: 4)
        let call = callRecord(header, body: generator.bytes(24))
        for _ in 0..<20_000 {
            var record = call
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let index = Int.random(in: 0..<record.count, using: &generator)
                record[index] = UInt8(truncatingIfNeeded: generator.next())
            }
            record = Array(record.prefix(Int.random(in: 0...record.count, using: &generator)))
            guard case .call(let read, let body)? = try? Message(record) else { continue }
            #expect(body.count <= record.count - 40)
            #expect(callRecord(read, body: []).prefix(24) == record.prefix(24))
        }
    }

    @Test func aStreamAtRandomNeverTrapsNorGivesMoreThanItGot() {
        var generator = SplitMix(seed: 22)
        for _ in 0..<2_000 {
            var decoder = RecordDecoder(limit: 64)
            var (given, taken) = (0, 0)
            for _ in 0..<8 {
                var bytes = generator.bytes(Int.random(in: 0...20, using: &generator))
                for index in bytes.indices where Bool.random(using: &generator) {
                    bytes[index] = index % 4 == 0 ? 0x80 : 0
                }
                taken += bytes.count
                guard let records = try? decoder.add(bytes) else { break }
                for record in records { #expect(record.count <= 64) }
                given += records.reduce(0) { $0 + $1.count + 4 }
            }
            #expect(given <= taken)
        }
    }

    @Test func recordsOfFragmentsComeOutAsTheyWentIn() throws {
        var generator = SplitMix(seed: 23)
        for _ in 0..<300 {
            var (stream, records): ([UInt8], [[UInt8]]) = ([], [])
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let record = generator.bytes(Int.random(in: 0...40, using: &generator))
                records.append(record)
                let cut = Int.random(in: 0...record.count, using: &generator)
                stream += [0, 0, 0, UInt8(cut)] + record.prefix(cut)
                stream += RecordDecoder.encode(Array(record.dropFirst(cut)))
            }
            var decoder = RecordDecoder(limit: 64)
            var read: [[UInt8]] = []
            while !stream.isEmpty {
                let count = Int.random(in: 1...9, using: &generator)
                read += try decoder.add(stream.prefix(count))
                stream.removeFirst(min(count, stream.count))
            }
            #expect(read == records)
            #expect(!decoder.isPartial)
        }
    }

    @Test func fragmentsTogetherAreHeldToTheLimit() throws {
        var decoder = RecordDecoder(limit: 8)
        _ = try decoder.add([0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8] as [UInt8])
        #expect(decoder.isPartial)
        #expect(throws: RecordError.tooLong(limit: 8)) {
            try decoder.add([0x80, 0, 0, 1] as [UInt8])
        }
    }
}
