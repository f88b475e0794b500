import Seeded
import Testing
import XDR

@Suite struct XDRTests {
    @Test func numbersAreBigEndian() throws {
        var writer = XDRWriter()
        writer.put(UInt32(0x0102_0304))
        writer.put(Int32(-2))
        writer.put(UInt64(0x0102_0304_0506_0708))
        #expect(
            writer.bytes == [1, 2, 3, 4, 255, 255, 255, 254, 1, 2, 3, 4, 5, 6, 7, 8])
        var reader = XDRReader(writer.bytes)
        #expect(try reader.uint32() == 0x0102_0304)
        #expect(try reader.int32() == -2)
        #expect(try reader.uint64() == 0x0102_0304_0506_0708)
        try reader.finish()
    }

    @Test(arguments: [
        ("", [0, 0, 0, 0]), ("a", [0, 0, 0, 1, 97, 0, 0, 0]),
        ("abc", [0, 0, 0, 3, 97, 98, 99, 0]), ("abcd", [0, 0, 0, 4, 97, 98, 99, 100]),
        ("é", [0, 0, 0, 2, 0xc3, 0xa9, 0, 0]),
    ])
    func aStringIsPaddedToFourBytes(text: String, bytes: [UInt8]) throws {
        var writer = XDRWriter()
        writer.put(string: text)
        #expect(writer.bytes == bytes)
        var reader = XDRReader(bytes)
        #expect(try reader.string(limit: 4) == text)
        #expect(reader.left == 0)
    }

    @Test func aLengthAboveTheLimitIsRefusedBeforeItIsRead() {
        for length in [5, 0x7fff_ffff, UInt32.max] {
            var writer = XDRWriter()
            writer.put(length)
            var reader = XDRReader(writer.bytes)
            #expect(throws: XDRError.tooLong(length: length, limit: 4)) {
                try reader.opaque(limit: 4)
            }
        }
    }

    @Test func inputCutAnywhereIsShort() {
        var writer = XDRWriter()
        writer.put(string: "abcde")
        for count in 0..<writer.bytes.count {
            var reader = XDRReader(writer.bytes.prefix(count))
            #expect(throws: XDRError.self) { try reader.string(limit: 16) }
        }
        for count in 0..<8 {
            var reader = XDRReader([UInt8](repeating: 1, count: count))
            #expect(throws: XDRError.self) { try reader.uint64() }
        }
        var reader = XDRReader([0, 0, 0, 9, 1])
        #expect(throws: XDRError.short(needed: 9, left: 1)) { try reader.opaque(limit: 9) }
    }

    @Test func whatIsNoUTF8IsNoString() {
        var reader = XDRReader([0, 0, 0, 1, 0xff, 0, 0, 0])
        #expect(throws: XDRError.notUTF8) { try reader.string(limit: 4) }
    }

    @Test func bytesLeftOverAreSeenByFinish() throws {
        var reader = XDRReader([0, 0, 0, 0, 7])
        _ = try reader.uint32()
        #expect(throws: XDRError.leftOver(1)) { try reader.finish() }
        #expect(reader.rest() == [7])
        try reader.finish()
    }

    @Test func readingAtRandomNeverTrapsNorReadsTwice() {
        var generator = SplitMix(seed: 1)
        for _ in 0..<5_000 {
            let count = Int.random(in: 0...40, using: &generator)
            var bytes = generator.bytes(count)
            // Mostly small lengths, so that some are possible.
            for index in bytes.indices where Bool.random(using: &generator) { bytes[index] = 0 }
            var reader = XDRReader(bytes)
            var left = reader.left
            var failed = false
            while !failed, left > 0 {
                do {
                    switch Int.random(in: 0...3, using: &generator) {
                    case 0: _ = try reader.uint32()
                    case 1: _ = try reader.uint64()
                    case 2: #expect(try reader.opaque(limit: 16).count <= 16)
                    default: _ = try reader.string(limit: 8)
                    }
                } catch { failed = true }
                #expect(reader.left < left || failed)
                left = reader.left
            }
        }
    }

    @Test func whatIsWrittenAtRandomIsReadBack() throws {
        var generator = SplitMix(seed: 2)
        for _ in 0..<500 {
            let opaque = generator.bytes(Int.random(in: 0...33, using: &generator))
            let number = UInt64.random(in: 0...UInt64.max, using: &generator)
            var writer = XDRWriter()
            writer.put(opaque: opaque)
            writer.put(number)
            #expect(writer.bytes.count.isMultiple(of: 4))
            var reader = XDRReader(writer.bytes)
            #expect(try Array(reader.opaque(limit: 33)) == opaque)
            #expect(try reader.uint64() == number)
            try reader.finish()
        }
    }
}
