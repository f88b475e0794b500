import CLICommands
import GD2Error
import GlusterModel
import Testing

@Suite struct CreateWordsTests {
    static func words(_ layout: String, bricks: Int) -> [String] {
        layout.split(separator: " ").map(String.init) + (0..<bricks).map { "h\($0):/b" }
    }

    @Test(arguments: [
        ("", 2, SubvolumeLayout.distribute),
        ("replica 3", 6, .replicate(copies: 3, arbiter: false)),
        ("replica 3 arbiter 1", 3, .replicate(copies: 2, arbiter: true)),
        ("replica 2 arbiter 1 transport tcp", 3, .replicate(copies: 2, arbiter: true)),
        ("disperse 6", 6, .disperse(bricks: 6, redundancy: 2)),
        ("disperse 5 redundancy 2", 5, .disperse(bricks: 5, redundancy: 2)),
        ("disperse-data 4 redundancy 2", 12, .disperse(bricks: 6, redundancy: 2)),
        // What is not said goes by the bricks.
        ("disperse", 6, .disperse(bricks: 6, redundancy: 2)),
        ("redundancy 1", 3, .disperse(bricks: 3, redundancy: 1)),
        ("disperse-data 4", 6, .disperse(bricks: 6, redundancy: 2)),
        ("replica 16", 16, .replicate(copies: 16, arbiter: false)),
        ("disperse 31", 31, .disperse(bricks: 31, redundancy: 15)),
    ])
    func gd1sWordOrderIsRead(layout: String, bricks: Int, expected: SubvolumeLayout) throws {
        let words = try CreateWords(Self.words(layout, bricks: bricks) + ["force"])
        #expect(words.layout == expected)
        #expect(words.bricks.count == bricks)
        #expect(words.force)
    }

    @Test(arguments: [
        ("", 0), ("replica 3", 4), ("replica x", 2), ("replica 2 replica 2", 2), ("replica 1", 1),
        ("arbiter 1", 3), ("thin-arbiter 1", 3), ("replica 3 thin-arbiter 1", 4),
        ("replica 2 thin-arbiter 2", 4), ("replica 2 thin-arbiter 1", 4),
        ("replica 4 arbiter 1", 4), ("replica 2 disperse 3", 6),
        ("disperse 4 redundancy 2", 4), ("redundancy 2", 4), ("transport rdma", 1),
        ("disperse-data 9223372036854775807", 1), ("force", 2),
    ])
    func impossibleLayoutsAreInvalid(layout: String, bricks: Int) {
        let error = #expect(throws: GD2Error.self) {
            try CreateWords(Self.words(layout, bricks: bricks))
        }
        #expect(error?.code == .invalid)
    }

    @Test(arguments: [
        ("", 0, "add HOST:/PATH"), ("replica 3", 2, "give 3"), ("replica 3", 4, "give 3 or 6"),
        ("replica 17", 17, "2 to 16"), ("replica 1", 2, "leave it out"),
        ("replica 2 thin-arbiter 1", 4, "beside the thin arbiter cannot"),
        ("disperse 2", 2, "3 to 31 bricks"), ("disperse 3 redundancy 2", 3, "can be 1"),
        // GlusterFS has 16 data bricks at most; glusterd makes these, and nobody can mount them.
        ("disperse 18 redundancy 1", 18, "can be 2 to 8"), ("disperse 40", 40, "3 to 31"),
        ("disperse 6 disperse-data 4 redundancy 1", 6, "leave one of the three out"),
        ("stripe 2", 2, "no stripe volumes any more"),
    ])
    func aRefusalSaysWhatWouldBePossible(layout: String, bricks: Int, hint: String) {
        let error = #expect(throws: GD2Error.self) {
            try CreateWords(Self.words(layout, bricks: bricks))
        }
        #expect(error?.message.contains(hint) == true, "\(error?.message ?? "")")
    }

    @Test func aThinArbiterIsTheLastOfAll() throws {
        let words = try CreateWords(
            Self.words("replica 2 thin-arbiter 1", bricks: 5) + ["force"])
        #expect(words.layout == .replicate(copies: 2, arbiter: false))
        #expect(words.bricks.count == 4)
        #expect(words.thinArbiter?.host == "h4")
    }

    @Test func anIPv6HostIsWrittenInBrackets() throws {
        #expect(try BrickSpec(validating: "[2001:db8::1]:/b/").host == "2001:db8::1")
        #expect(try BrickSpec(validating: "h:/b//c/").path.description == "/b/c")
        for text in ["2001:db8::1:/b", ":/b", "h", "h:b", "h:/", "h:/a/../b"] {
            #expect(throws: GD2Error.self) { try BrickSpec(validating: text) }
        }
    }

    @Test func everyKindOfFailureHasItsExitStatus() {
        let expected: [ErrorCode: Int32] = [
            .invalid: 2, .unauthenticated: 4, .notAllowed: 4, .notFound: 5, .conflict: 6,
            .dependency: 6, .preconditionFailed: 6, .unavailable: 7, .timedOut: 7,
            .tooManyRequests: 7, .tooLarge: 1, .internal: 1,
        ]
        for code in ErrorCode.allCases { #expect(ExitStatus(code).rawValue == expected[code]) }
    }
}
