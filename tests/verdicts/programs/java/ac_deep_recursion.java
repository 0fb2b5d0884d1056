public class Main {
    static long depth(long n) { return n == 0 ? 0 : 1 + depth(n - 1); }

    public static void main(String[] arguments) {
        if (depth(100000) == 100000) System.out.println("3000000046\n3000000000");
    }
}
