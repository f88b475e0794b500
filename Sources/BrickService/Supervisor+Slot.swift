import BrickSupervision
import GlusterModel
import Processes

extension Supervisor {
    /// One process of this node's that is wanted, or was.
    struct Slot {
        var machine = SupervisedProcess()
        /// What clients ask the port map for; empty for a daemon.
        var name = ""
        var volume: Volume
        var brick: Brick?
        /// The generation of the volume that it was made for.
        let generation: Int
        /// Whether another takes its place when it has ended: a brick that was replaced on this
        /// node, or a self-heal daemon, which heals by the topology that it began with.
        var isRetiring = false
        /// What recognises the process among others.
        var socket: String
        var port = 0
        var reservation: PortReservation?
        var handle: ProcessHandle?
        var startedAt = Duration.zero
        var isProbed = false
        /// Whose sign-in came before the launcher's answer.
        var earlySignIn: Int32?
        var attempts = 0
        var device = ""

        /// Whether time alone may ask for something.
        var isRestless: Bool { machine.isRestless || isRetiring }

        /// Whether it cannot become what is wanted now while it runs.
        func isAnother(than brick: Brick?, of volume: Volume) -> Bool {
            guard let brick else { return generation != volume.head.generation }
            return self.brick?.path != brick.path
        }
    }
}
