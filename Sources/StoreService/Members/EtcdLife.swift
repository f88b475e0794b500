import EtcdProcess
import Glibc

/// The etcd that runs on this node, as far as gd2-store may touch it: both run as one user.
struct EtcdLife: Sendable {
    let stateDirectory: String

    private var pid: Int32? { EtcdRunner.runningPid(stateDirectory: stateDirectory) }

    var runs: Bool { pid != nil }

    /// Path of the file with the authorities that it takes other members' certificates from.
    var runningTrustFile: String? {
        EtcdRunner.runningRole(stateDirectory: stateDirectory)?.arguments.lazy
            .filter { $0.hasPrefix(EtcdArguments.peerTrustFlag) }.first
            .map { String($0.dropFirst(EtcdArguments.peerTrustFlag.count)) }
    }

    /// Ends it, so that its unit starts it anew with what the role file says then. Returns when it
    /// has ended.
    func end() async {
        guard let pid else { return }
        kill(pid, SIGTERM)
        for poll in 0..<Limits.etcdEndPolls {
            guard self.pid == pid else { return }
            if poll == Limits.etcdEndPolls / 2 { kill(pid, SIGKILL) }
            try? await Task.sleep(for: .milliseconds(Limits.etcdEndPollMs))
        }
    }
}
