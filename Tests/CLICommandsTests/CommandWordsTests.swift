import CLICommands
import GD2Error
import Testing

/// What is typed, and what is parsed.
@Suite struct CommandWordsTests {
    private static func words(_ line: String) -> [String] {
        line.split(separator: " ").map(String.init)
    }

    @Test(arguments: [
        // GD1's order, in its scripts.
        ("--mode=script volume stop gv0", "volume stop --mode=script gv0"),
        ("--mode script volume stop gv0", "volume stop --mode script gv0"),
        ("-o json --timeout 5 pool list", "pool list -o json --timeout 5"),
        ("--yes volume delete gv0", "volume delete --yes gv0"),
        (
            "-y volume set gv0 -- network.ping-timeout -1",
            "volume set -y gv0 -- network.ping-timeout -1"
        ),
        ("volume stop gv0 --mode=script", "volume stop gv0 --mode=script"),
        ("volume help", "help volume"), ("volume help create", "help volume create"),
        ("volume group help", "help volume group"), ("volume set help", "volume set help"),
        ("volume set help user.a b", "volume set help user.a b"),
        ("help volume creat", "help volume creat"), ("--help", "--help"), ("", ""),
        ("volume --help", "volume --help"), ("volume start help", "volume start help"),
        ("--xml volume info", "--xml volume info"), ("--mode", "--mode"),
        ("peer probe h2", "peer probe h2"),
    ])
    func whatIsTypedIsPutInOrder(line: String, parsed: String) throws {
        #expect(try CommandWords.ordered(Self.words(line)) == Self.words(parsed))
    }

    @Test(arguments: [
        ("bogus", "there is no command bogus, but volume, job, peer"),
        ("volume creat gv0 h:/b", "volume has no command creat, but create, delete"),
        ("--mode=script volume strat gv0", "volume has no command strat"),
        ("volume group crate x", "volume group has no command crate"),
    ])
    func aWordThatIsNoCommandIsRefusedWithThoseThatAre(line: String, said: String) {
        let error = #expect(throws: GD2Error.self) {
            try CommandWords.ordered(Self.words(line))
        }
        #expect(error?.code == .invalid)
        #expect(error?.message.contains(said) == true, "\(error?.message ?? "")")
    }

    @Test func argumentsAreTakenAsTheyCame() throws {
        let words = ["volume", "list", "", "h:/b/café"]
        #expect(try CommandWords.decoded(words.map { Array($0.utf8) }) == words)
        #expect(try CommandWords.decoded([]) == [])
    }

    @Test func anArgumentThatIsNotUTF8IsRefused() {
        let path = Array("h:/b/\u{1b}caf".utf8) + [0xe9]
        let error = #expect(throws: GD2Error.self) {
            try CommandWords.decoded([Array("volume".utf8), path])
        }
        #expect(
            error
                == GD2Error(.invalid, #"argument 2, "h:/b/\x1bcaf\xe9", is not UTF-8"#))
        let long = #expect(throws: GD2Error.self) {
            try CommandWords.decoded([Array(repeating: 0xff, count: 100_000)])
        }
        #expect((long?.message.utf8.count ?? 0) < 1_000)
    }
}
