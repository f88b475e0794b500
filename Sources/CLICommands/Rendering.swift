import FoundationEssentials

/// Rows in columns, the widest value of each giving its width.
struct Table {
    var headers: [String]
    var rows: [[String]]

    var text: String {
        let all = [headers] + rows
        let widths = headers.indices.map { column in
            all.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return all.map { row in
            let cells = row.enumerated().map { column, cell in
                column == row.count - 1
                    ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
            }
            return cells.joined(separator: "  ") + "\n"
        }.joined()
    }
}

/// Writes `value` as `format` wants it: the API's own type as JSON, names alone, or a table.
func render<Value: Encodable>(
    _ value: Value, as format: OutputFormat, names: [String], table: () -> String
) throws {
    switch format {
    case .table: try write(table())
    case .name: try write(names.map { $0 + "\n" }.joined())
    case .json:
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try write(String(decoding: encoder.encode(value), as: UTF8.self) + "\n")
    }
}

/// Bytes as people read them.
func bytes(_ count: UInt64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    var value = Double(count)
    var unit = 0
    while value >= 1_024, unit < units.count - 1 {
        value /= 1_024
        unit += 1
    }
    let tenths = Int((value * 10).rounded())
    return unit == 0 ? "\(count) B" : "\(tenths / 10).\(tenths % 10) \(units[unit])"
}
