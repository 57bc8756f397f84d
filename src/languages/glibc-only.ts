/**
 * What glibc has and musl has not, by the names that compilers and linkers complain of; from the exported symbols and the
 * headers of glibc 2.36 against those of musl 1.2.5.
 */

/** Names that glibc's headers put in place of others: large files, 64-bit time, C23, fortified and fast-math variants. */
const fromHeaders = [
  '(?:__)?(?:open|openat|creat|fopen|freopen|fseeko|ftello|lseek|fcntl|l?stat|fstat|fstatat|fstatfs|statfs|statvfs|fstatvfs|readdir|scandir|scandirat|alphasort|versionsort|getdents|getdirentries|pread|pwrite|preadv|pwritev|mmap|truncate|ftruncate|fallocate|lockf|sendfile|tmpfile|mkstemps?|mkostemps?|fgetpos|fsetpos|glob|globfree|n?ftw|getrlimit|setrlimit|prlimit|posix_fallocate|posix_fadvise|aio_[a-z]+|lio_listio)64(?:_r|_2|v2)?',
  'fts64_\\w+',
  '__(?:[a-z]+_)*(?:[a-z]*time|clock_[a-z]+|nanosleep|gettimeofday|settimeofday|p?select|ppoll|[sg]etsockopt|getrusage|utimensat|utimes)64(?:_r)?',
  '__isoc\\d\\d_\\w+',
  '__\\w+_chk',
  '__(?:[lf]?xstat(?:at)?(?:64)?|xmknod(?:at)?)',
  '__\\w+_finite',
  '__(?:isnan|isinf|finite)[fl]?',
  'gnu_dev_(?:major|minor|makedev)',
  '__libc_single_threaded|__getauxval|_dl_find_object',
]

/** What a check for functions finds where it links with glibc, and a condition such as `#ifdef __GLIBC__`. */
const fromChecks = [
  'gnu_get_libc_(?:version|release)',
  'arc4random(?:_buf|_uniform)?|close_range|closefrom',
  'malloc_trim|malloc_info|mallinfo2?',
  'pthread_(?:cond_clockwait|mutex_clocklock|rwlock_clock(?:rd|wr)lock)|sem_clockwait',
  // Of gcc's own library, which rustc does not link with musl.
  '__cpu_(?:model|indicator_init|features2)',
]

/** Functions that a program calls by these very names. */
const functions =
  'backtrace(?:_symbols(?:_fd)?)?|rawmemchr|canonicalize_file_name|error(?:_at_line)?|argp_\\w+|argz_\\w+|_?obstack_\\w+|fts_(?:open|read|children|set|close)|(?:get|set|make|swap)context|mcheck|mtrace|__(?:malloc|free|realloc|memalign)_hook|dlmopen|dlvsym|dladdr1|re_(?:search|match|compile_pattern)\\w*|(?:un)?register_printf_\\w+|parse_printf_format|s?random_r|[delmnj]rand48_r|(?:__)?res_n(?:init|query|search|send|mkquery)|strerror(?:name|desc)_np|sig(?:abbrev|descr)_np|fe(?:en|dis)ableexcept|on_exit|getaddrinfo_a'

const headers =
  '(?:argp|argz|envz|error|execinfo|fpu_control|fstab|fts|gconv|gnu/lib-names|gnu/libc-version|gshadow|ieee754|mcheck|nss|obstack|printf|regexp|sys/cdefs|sys/pidfd|sys/queue|sys/rseq|sys/single_threaded|thread_db|ttyent)\\.h'

/** Before a name that a linker does not find. GNU's has it in quotes, `undefined reference to \`stat64'`. */
const undefinedName = 'undefined (?:symbol|reference)[^\\n]*?[:\\s`\'"]'

const compiledForGlibc = new RegExp(
  `${undefinedName}(?:${[...fromHeaders, ...fromChecks].join('|')})(?![\\w.])`,
)
const missingFunction = new RegExp(
  `(?:${undefinedName}|call to undeclared (?:library )?function ['‘])(${functions})(?![\\w.])`,
)
const missingHeader = new RegExp(`error: ['‘]?(${headers})['’]?(?: file not found|: No such file)`)

/** Whether objects that were compiled with the headers of glibc were linked with musl. */
export const isCompiledForGlibc = (errors: string): boolean => compiledForGlibc.test(errors)

/** What of glibc's the C code itself asks for, as a sentence; undefined where it asks for nothing of the kind. */
export function glibcOnly(errors: string): string | undefined {
  const [, header] = missingHeader.exec(errors) ?? []
  if (header) return `${header} is a header of glibc, which musl does not have`
  const [, name] = missingFunction.exec(errors) ?? []
  return name && `${name} is a function of glibc, which musl does not have`
}
