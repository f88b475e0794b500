import CSystemd
import Glibc
import NIOPosix

/// Starts processes as transient units of systemd in `gluster-bricks.slice`: outside of this
/// program's own unit, so that its restart leaves them alone.
public struct SystemdLauncher: ProcessLauncher {
    private static let manager = "org.freedesktop.systemd1"
    private static let pidWaitMs = 3_000
    private static let pidPollMs = 2
    private static let startsAtOnce = 4
    private let threads: NIOThreadPool

    /// Whether systemd runs this host (sd_booted(3)).
    public static var isAvailable: Bool { sd_booted() > 0 }

    public init() {
        // sd-bus blocks, and a connection belongs to one thread: each call has its own.
        threads = NIOThreadPool(numberOfThreads: Self.startsAtOnce)
        threads.start()
    }

    public func launch(_ spec: ProcessSpec) async throws(ProcessError) -> Int32 {
        do {
            return try await threads.runIfActive { try Self.start(spec) }
        } catch let error as ProcessError {
            throw error
        } catch {
            throw .systemd("\(error)")
        }
    }

    private static func start(_ spec: ProcessSpec) throws(ProcessError) -> Int32 {
        // Of a program that is missing systemd would say only that the unit has ended.
        guard access(spec.executable, X_OK) == 0 else {
            throw .failed(call: spec.executable, errno: errno)
        }
        var bus: OpaquePointer?
        var code = sd_bus_open_system(&bus)
        guard code >= 0, let bus else { throw .failed(call: "sd_bus_open_system", errno: -code) }
        defer { sd_bus_flush_close_unref(bus) }
        var call: OpaquePointer?
        code = sd_bus_message_new_method_call(
            bus, &call, manager, "/org/freedesktop/systemd1",
            "org.freedesktop.systemd1.Manager", "StartTransientUnit")
        guard code >= 0, let call else { throw .failed(call: "sd-bus", errno: -code) }
        defer { sd_bus_message_unref(call) }
        UnitMessage(call).write(spec)
        var error = sd_bus_error()
        var reply: OpaquePointer?
        defer { sd_bus_error_free(&error) }
        code = sd_bus_call(bus, call, 0, &error, &reply)
        guard code >= 0 else {
            throw .systemd(error.message.map { String(cString: $0) } ?? errorText(-code))
        }
        sd_bus_message_unref(reply)
        return try mainPID(of: spec.unit + ".service", bus)
    }

    private static func mainPID(
        of unit: String, _ bus: OpaquePointer
    ) throws(ProcessError) -> Int32 {
        var path: UnsafeMutablePointer<CChar>?
        guard sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path) >= 0 else {
            throw .systemd("no path for \(unit)")
        }
        defer { free(path) }
        for _ in 0..<(pidWaitMs / pidPollMs) {
            var pid: UInt32 = 0
            var error = sd_bus_error()
            let code = sd_bus_get_property_trivial(
                bus, manager, path, "org.freedesktop.systemd1.Service", "MainPID", &error,
                CChar(UInt8(ascii: "u")), &pid)
            sd_bus_error_free(&error)
            // A unit that has ended is unloaded at once.
            guard code >= 0 else { throw .noProcess }
            if pid > 0 { return Int32(pid) }
            usleep(UInt32(pidPollMs) * 1_000)
        }
        throw .noProcess
    }
}

/// Writes the arguments of StartTransientUnit (org.freedesktop.systemd1(5)).
private struct UnitMessage {
    private let message: OpaquePointer

    init(_ message: OpaquePointer) { self.message = message }

    /// A unit takes no descriptor of that number (systemd 252): a shell opens one and becomes the
    /// program (``LargeTable``).
    private static let shell = "/bin/bash"
    /// `-p`: nothing of the environment is run.
    private static let shellWords = [
        "bash", "-p", "-c", "exec \(LargeTable.descriptor)</dev/null; exec \"$@\"", "bash",
    ]
    /// What glusterfsd and glusterfs end with when they are told to.
    private static let orderlyStatus: Int32 = 15

    func write(_ spec: ProcessSpec) {
        text(spec.unit + ".service")
        text("fail")
        open("a", "(sv)")
        property("Description", spec.description)
        property("Slice", "gluster-bricks.slice")
        property("Type", "exec")
        property("CollectMode", "inactive-or-failed")
        property("KillMode", "mixed")
        limit("LimitNOFILE", 1_048_576)
        succeeding(with: Self.orderlyStatus)
        executable(spec)
        close()
        open("a", "(sa(sv))")
        close()
    }

    private func property(_ name: String, _ value: String) {
        open("r", "sv")
        text(name)
        open("v", "s")
        text(value)
        close()
        close()
    }

    private func limit(_ name: String, _ value: UInt64) {
        open("r", "sv")
        text(name)
        open("v", "t")
        var value = value
        sd_bus_message_append_basic(message, Self.letter("t"), &value)
        close()
        close()
    }

    private func succeeding(with status: Int32) {
        open("r", "sv")
        text("SuccessExitStatus")
        open("v", "(aiai)")
        open("r", "aiai")
        open("a", "i")
        var status = status
        sd_bus_message_append_basic(message, Self.letter("i"), &status)
        close()
        open("a", "i")
        for _ in 0..<4 { close() }
    }

    /// As they stand: without the flag systemd would replace what begins with a `$`.
    private func executable(_ spec: ProcessSpec) {
        open("r", "sv")
        text("ExecStartEx")
        open("v", "a(sasas)")
        open("a", "(sasas)")
        open("r", "sasas")
        text(Self.shell)
        open("a", "s")
        for word in Self.shellWords + [spec.executable] + spec.arguments { text(word) }
        close()
        open("a", "s")
        text("no-env-expand")
        for _ in 0..<5 { close() }
    }

    private func text(_ value: String) {
        _ = value.withCString { sd_bus_message_append_basic(message, Self.letter("s"), $0) }
    }

    private func open(_ type: String, _ contents: String) {
        sd_bus_message_open_container(message, Self.letter(type), contents)
    }

    private func close() { sd_bus_message_close_container(message) }

    private static func letter(_ text: String) -> CChar { CChar(text.utf8.first ?? 0) }
}
