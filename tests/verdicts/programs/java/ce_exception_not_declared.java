public class Main {
    public static void main(String[] arguments) { Thread.sleep(1); }
}
