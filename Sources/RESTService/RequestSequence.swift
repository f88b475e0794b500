/// The requests of one connection that are not answered yet, and whether it ends with an answer.
///
/// An answer may come before its request has come whole: 401, 413, 503. The rest may be gigabytes,
/// which nobody wants, so such an answer is the connection's last one.
struct RequestSequence {
    /// Of each request that is not answered, whether it is a HEAD.
    private var unanswered: [Bool] = []
    private var isComing = false
    private var isLast = false
    /// What comes now is nobody's: the last answer is sent, or no request was to follow.
    private(set) var isOver = false

    /// What an answer leaves.
    enum Rest: Equatable {
        case nothing
        /// The connection ends; of the last request something may still come.
        case end(isWhole: Bool)
    }

    /// No other request is being answered: an interim answer would be between.
    var isAlone: Bool { unanswered.count == 1 }

    var isAnswered: Bool { unanswered.isEmpty }

    /// The present answer has no body, whatever its headers say.
    var answersHead: Bool { unanswered.first ?? false }

    /// A request begins. False when the connection ends before it.
    mutating func begin(isHead: Bool, keepsAlive: Bool) -> Bool {
        guard !isLast else {
            isOver = true
            return false
        }
        unanswered.append(isHead)
        isComing = true
        isLast = !keepsAlive
        return true
    }

    /// The newest request has come whole.
    mutating func end() { isComing = false }

    /// An answer begins. Whether the connection ends with it.
    mutating func answer() -> Bool {
        guard isAlone else { return false }
        if isComing { isLast = true }
        return isLast
    }

    /// An answer is sent.
    mutating func answered() -> Rest {
        guard !unanswered.isEmpty else { return .nothing }
        unanswered.removeFirst()
        guard isLast, unanswered.isEmpty else { return .nothing }
        isOver = true
        return .end(isWhole: !isComing)
    }
}
