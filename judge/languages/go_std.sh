# Compiles the packages of Go's standard library that need no network, and writes `importcfg`, the
# list of their paths for the compiler and linker. $1 is the path of `go`. $2 is the path at which
# compilers see the files.
export GOCACHE=/tmp/cache GOPATH=/tmp/go GO111MODULE=off CGO_ENABLED=0 GOFLAGS=-trimpath
export GOTOOLCHAIN=local GOTELEMETRY=off
packages='bufio bytes cmp container/heap container/list container/ring context crypto/md5
crypto/sha1 crypto/sha256 encoding/base64 encoding/binary encoding/hex encoding/json errors flag
fmt hash/adler32 hash/crc32 hash/crc64 hash/fnv hash/maphash index/suffixarray io iter log maps
math math/big math/bits math/cmplx math/rand math/rand/v2 os path path/filepath reflect regexp
runtime runtime/debug slices sort strconv strings sync sync/atomic text/scanner text/tabwriter
text/template time unicode unicode/utf16 unicode/utf8 unique unsafe'
list='{{if .Export}}{{.ImportPath}} {{.Export}}{{end}}'
"$1" list -e -export -deps -f "$list" $packages > /tmp/list || exit
while read -r name file; do
  archive=$(echo "$name" | tr / _).a
  mv "$file" "$archive"
  echo "packagefile $name=$2/$archive"
done < /tmp/list > importcfg
