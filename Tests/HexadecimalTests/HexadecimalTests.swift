import Hexadecimal
import Testing

struct HexadecimalTests {
    @Test func everyByteIsWrittenWithTwoDigitsAndReadAgain() {
        let bytes = Array(UInt8.min...UInt8.max)
        #expect([0, 9, 0xa0, 0xff].hexadecimal == "0009a0ff")
        #expect([UInt8](hexadecimal: bytes.hexadecimal) == bytes)
        #expect([UInt8](hexadecimal: bytes.hexadecimal.uppercased()) == bytes)
        #expect([UInt8](hexadecimal: "") == [])
    }

    @Test(arguments: ["0", "0g", "000", " 0", "+1", "é"])
    func whatIsNoHexadecimalIsNotRead(_ text: String) {
        #expect([UInt8](hexadecimal: text) == nil)
    }
}
