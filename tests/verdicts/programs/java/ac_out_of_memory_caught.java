public class Main {
    public static void main(String[] arguments) {
        try {
            System.out.println(new long[Integer.MAX_VALUE - 8].length);
        } catch (OutOfMemoryError error) {
            System.err.println("java.lang.OutOfMemoryError");
            System.out.println("3000000046\n3000000000");
        }
    }
}
