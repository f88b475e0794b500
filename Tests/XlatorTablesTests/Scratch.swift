import Foundation
import TemporaryFolder
import Testing

@testable import XlatorTables

/// A folder as GlusterFS's is, of its own for each test, taken away at its end.
struct Scratch {
    let path: String

    static func with(_ body: (Scratch) async throws -> Void) async throws {
        try await TemporaryFolder.with { path in
            try FileManager.default.createDirectory(
                atPath: path + "/xlator/test", withIntermediateDirectories: true)
            try await body(Scratch(path: path))
        }
    }

    var folder: XlatorFolder { XlatorFolder(path: path) }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
    }

    /// Makes `xlator/test/NAME.so` of C.
    func compile(_ name: String, _ source: String) throws {
        try write(Self.layout + source, to: name + ".c")
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        compiler.arguments = [
            "cc", "-shared", "-fPIC", "-w", "-o", "\(path)/xlator/test/\(name).so",
            "\(path)/\(name).c",
        ]
        try compiler.run()
        compiler.waitUntilExit()
        try #require(compiler.terminationStatus == 0)
    }

    /// A script that can stand for the helper.
    func script(_ text: String) throws -> String {
        try write("#!/bin/sh\n" + text, to: "helper")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: path + "/helper")
        return path + "/helper"
    }

    /// GlusterFS 10.3's options.h and xlator.h, as far as needed.
    private static let layout = """
        #include <stdint.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <unistd.h>
        typedef struct { char *key[4]; int type; double min, max; char *value[64];
            char *default_value, *description; int validate; uint32_t op_version[4], deprecated[4],
            flags; char *tags[64]; char *setkey; int level, category; } volume_option_t;
        typedef struct { uint32_t op_version[4], flags, id; char *identifier;
            volume_option_t *options; int category; void *functions[12]; } xlator_api_t;

        """

    static let sound = """
        static volume_option_t table[] = {
            {.key = {"size", "old-size"}, .type = 2, .min = 1, .max = 9, .default_value = "3",
             .description = "how big", .op_version = {40000}, .flags = 3, .level = 1},
            {.key = {0}}};
        xlator_api_t xlator_api = {.identifier = "sound", .options = table};
        """
}

/// The built program, which is beside the tests.
let helper = TableHelper(program: programFolder + "/gd2-rest")

private let programFolder: String = {
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    return URL(fileURLWithPath: tests).deletingLastPathComponent().path
}()
