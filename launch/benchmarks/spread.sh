# Sourced by the scripts beside it.

# spread [FORMAT]: mean and standard deviation of the numbers on standard input, by FORMAT ("%.4f ± %.4f"); the mean alone
# where there is one number and no format was asked for, and a dash, or nan by the format, where there is none. nan and inf count as no
# number.
spread() {
  awk -v form="${1:-}" '$1 != "" && $1 !~ /nan|inf/ { s += $1; q += $1 * $1; n++ }
    END {
      if (n == 0) {
        if (form == "") form = "–"
        gsub(/%[.0-9]*[fs]/, "nan", form)
        printf "%s", form
        exit
      }
      m = s / n
      d = 0
      if (n > 1) { d = q - n * m * m; d = d > 0 ? sqrt(d / (n - 1)) : 0 }
      if (form != "") printf form, m, d
      else if (n == 1) printf "%.4f", m
      else printf "%.4f ± %.4f", m, d
    }'
}
