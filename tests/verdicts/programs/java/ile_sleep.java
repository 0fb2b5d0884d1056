public class Main {
    public static void main(String[] arguments) throws InterruptedException {
        Thread.sleep(1000000);
    }
}
