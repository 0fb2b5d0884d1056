public class Main {
    static long sum, largest;

    public static void main(String[] arguments) throws InterruptedException {
        Thread one = new Thread(() -> sum = 3000000046L);
        Thread other = new Thread(() -> largest = 3000000000L);
        one.start();
        other.start();
        one.join();
        other.join();
        System.out.println(sum + "\n" + largest);
    }
}
