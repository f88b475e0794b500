import CCap
import Glibc

/// Gives up every capability of this thread but some (capabilities(7)). Threads that exist already
/// keep theirs, so it is called before there are any.
enum Capabilities {
    /// `names`: as libcap writes them, for example `cap_sys_admin`. Does nothing for a user that
    /// has none anyway. False when the kernel refused.
    static func keepOnly(_ names: [String]) -> Bool {
        guard geteuid() == 0, let held = cap_get_proc() else { return true }
        defer { cap_free(UnsafeMutableRawPointer(held)) }
        var wanted: [String] = []
        for name in names {
            var value: cap_value_t = 0
            var flag = CAP_CLEAR
            guard cap_from_name(name, &value) == 0,
                cap_get_flag(held, value, CAP_PERMITTED, &flag) == 0, flag == CAP_SET
            else { continue }
            wanted.append(name)
        }
        let text = wanted.isEmpty ? "=" : wanted.joined(separator: ",") + "=ep"
        guard let capabilities = cap_from_text(text) else { return false }
        defer { cap_free(UnsafeMutableRawPointer(capabilities)) }
        return cap_set_proc(capabilities) == 0
    }
}
