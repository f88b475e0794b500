import Foundation
import HelperProgram
import Testing
import VolumeOptions

@testable import XlatorTables

struct HostileXlatorTests {
    /// Each would end, hang or bend the process that loads it; the sound ones are read all the
    /// same.
    @Test func whatAnXlatorDoesWhenItIsLoadedStaysWithIt() async throws {
        try await Scratch.with { scratch in
            try scratch.compile("a-sound", Scratch.sound)
            try scratch.compile("b-aborts", Self.constructor("abort();"))
            try scratch.compile("c-hangs", Self.constructor("for (;;) pause();"))
            try scratch.compile("d-exits", Self.constructor("_exit(0);"))
            try scratch.compile("e-crashes", Self.constructor("*(volatile int *)8 = 1;"))
            try scratch.compile(
                "f-talks", Self.constructor(#"for (int i = 0; i < 64; i++) dprintf(i, "\n{}\n");"#))
            try scratch.compile("g-eats", Self.constructor("for (;;) malloc(1 << 20);"))
            try scratch.compile("h-spins", Self.constructor("for (;;);"))
            try scratch.compile(
                "i-endless", "xlator_api_t xlator_api = {.options = (volume_option_t *)8};")
            let file = scratch.path + "/written"
            try scratch.compile(
                "j-writes", Self.constructor("fputc('x', fopen(\"\(file)\", \"w\")); fflush(0);"))
            try scratch.compile("k-other", "int nothing;")
            try scratch.write("no library", to: "xlator/test/l-garbage.so")
            try scratch.compile(
                "m-legacy",
                #"""
                volume_option_t options[] = {{.key = {"old"}, .type = 99}, {.key = {0}}};
                """#)
            let table = try await helper.table(of: scratch.folder)
            #expect(
                table.xlators.map(\.name) == [
                    "test/a-sound", "test/j-writes", "test/k-other", "test/m-legacy",
                ])
            #expect(table.failures.count == 9)
            let errors = Dictionary(
                uniqueKeysWithValues: table.failures.map { ($0.xlator, $0.error) })
            #expect(errors["test/b-aborts"] == "loading it ended with signal 6")
            #expect(errors["test/c-hangs"] == "it was not read within \(Limits.xlatorTime)")
            #expect(errors["test/d-exits"] == "loading it ended the process with status 0")
            #expect(errors["test/e-crashes"] == "loading it ended with signal 11")
            #expect(try Data(contentsOf: URL(fileURLWithPath: file)).isEmpty)
            #expect(errors["test/l-garbage"]?.hasPrefix("it does not load:") == true)
            #expect(table.xlators.last?.options.map(\.type) == [.any])
        }
    }

    @Test func anOptionIsReadAsItsXlatorDescribesIt() async throws {
        try await Scratch.with { scratch in
            try scratch.compile("sound", Scratch.sound)
            try FileManager.default.createSymbolicLink(
                atPath: scratch.path + "/xlator/test/other-name.so",
                withDestinationPath: "sound.so")
            let table = try await helper.table(of: scratch.folder)
            var option = XlatorOption(keys: ["size", "old-size"], type: .int)
            (option.minimum, option.maximum) = (1, 9)
            (option.defaultValue, option.description) = ("3", "how big")
            (option.opVersions, option.flags) = ([40_000], [.settable, .client])
            option.level = .basic
            #expect(
                table.xlators == [
                    .init(name: "test/sound", aliases: ["test/other-name"], options: [option])
                ])
            #expect(table.unmapped == ["test/sound.size"])
        }
    }

    @Test func aFolderWithoutXlatorsIsAnError() async throws {
        try await Scratch.with { scratch in
            await #expect(throws: TableHelperError.ended(.status(1))) {
                _ = try await helper.table(of: scratch.folder)
            }
        }
    }

    private static func constructor(_ body: String) -> String {
        "__attribute__((constructor)) static void begin(void) { \(body) }\n" + Scratch.sound
    }
}
