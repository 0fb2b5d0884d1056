public class Main {
    public static void main(String[] arguments) {
        String line = "x".repeat(10000);
        while (true) System.out.println(line);
    }
}
