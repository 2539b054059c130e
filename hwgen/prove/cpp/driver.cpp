// Calls a design once and writes the list of what it did: TOP is its name, SOURCE its file.
#include SOURCE

#define JOINED(A, B) A##B
#define NAMED(A, B) JOINED(A, B)

static bool write(FILE *file, const void *items, size_t size, size_t count) {
  const long long number = static_cast<long long>(count);
  return fwrite(&number, sizeof number, 1, file) == 1 && fwrite(items, size, count, file) == count;
}

int main(int count, char **arguments) {
  using namespace hwgen_trace;
  if (count != 2) return 2;
  hls::stream<NAMED(TOP, _in_word)> in("s_axis");
  hls::stream<NAMED(TOP, _out_word)> out("m_axis");
  for (int beat = 0; beat < NAMED(TOP, _in_beats); beat++) {
    NAMED(TOP, _in_word) word;
    word.node = note(PORT, 0, false, beat);
    in.write(word);
  }
  TOP(in, out);
  std::vector<Number> ends;
  while (!out.empty()) ends.push_back(had(out.read().node));
  if (!in.empty()) refuse("beats are left at s_axis");
  if (hls::left_over()) refuse("beats are left in a stream between units");
  FILE *file = fopen(arguments[1], "wb");
  if (!file) return 2;
  const bool written = write(file, nodes().data(), sizeof(Node), nodes().size()) &&
                       write(file, tables().data(), sizeof(Number), tables().size()) &&
                       write(file, ends.data(), sizeof(Number), ends.size());
  return fclose(file) == 0 && written ? 0 : 2;
}
