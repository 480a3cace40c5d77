// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {LibRLP} from "solady/utils/LibRLP.sol";
import {IAccessMarket} from "../../src/market/IAccessMarket.sol";
import {IAssetRegistry} from "../../src/assets/IAssetRegistry.sol";
import {IRevenueLedger} from "../../src/revenue/IRevenueLedger.sol";
import {Deployer} from "../../src/deployment/Deployer.sol";
import {AgoraiTest} from "../utils/AgoraiTest.sol";

contract DeployerTest is AgoraiTest {
    bytes[] internal creations;
    bytes32[] internal hashes;
    Deployer internal deployer;

    /// @dev Another deployment than the one that all tests have.
    function setUp() public override {
        super.setUp();
        creations = creationsOf(FEE_BPS + 1);
        hashes = hashesOf(creations);
        deployer = deployerOf(creations);
    }

    function deploy(uint256 place) internal returns (address) {
        bytes memory creation = creations[place];
        return deployer.deploy(hashes, creation);
    }

    function expectNotInBundle(uint256 place) internal {
        vm.expectRevert(abi.encodeWithSelector(Deployer.Deployer_NotInBundle.selector, place));
    }

    function test_AnyoneDeploysWhereItWasComputed() public {
        assertTrue(deployer.bundle() == keccak256(abi.encodePacked(hashes)), "bundle");
        address[4] memory callers = [relayer, ada, boole, relayer];
        for (uint256 place; place < 4; ++place) {
            assertEq(deployer.count(), place, "count");
            address expected = LibRLP.computeAddress(address(deployer), place + 1);
            vm.expectEmit(true, true, true, true, address(deployer));
            emit Deployer.Deployed(place, expected);
            vm.prank(callers[place]);
            assertEq(deploy(place), expected, "address");
            assertTrue(expected.code.length != 0 && expected.code.length <= 24_576, "code");
        }
    }

    function test_RevertWhen_TheOrderIsAnother() public {
        for (uint256 place; place < 4; ++place) {
            for (uint256 other; other < 4; ++other) {
                if (other == place) continue;
                expectNotInBundle(place);
                deploy(other);
            }
            deploy(place);
        }
        for (uint256 other; other < 4; ++other) {
            expectNotInBundle(4);
            deploy(other);
        }
    }

    function test_RevertWhen_TheCodeIsAnother() public {
        bytes memory creation = creations[0];
        creation[creation.length - 1] ^= 0x01;
        expectNotInBundle(0);
        deployer.deploy(hashes, creation);
        expectNotInBundle(0);
        deployer.deploy(hashes, "");
        // Hashes that fit the code, but not the bundle.
        bytes32[] memory others = hashes;
        others[0] = keccak256(creation);
        expectNotInBundle(0);
        deployer.deploy(others, creation);
        others = new bytes32[](1);
        others[0] = hashes[0];
        expectNotInBundle(0);
        deployer.deploy(others, creations[0]);
        deploy(0);
    }

    function test_RevertWhen_AConstructorRefuses() public {
        creations = creationsOf(501);
        hashes = hashesOf(creations);
        deployer = deployerOf(creations);
        deploy(0);
        for (uint256 i; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_FeeTooHigh.selector, 501, 500));
            deploy(1);
            assertEq(deployer.count(), 1, "the place stays free");
        }
    }

    /// @dev Each is told by what it refuses to others and does for the one that it computed.
    function test_EachKnowsTheOthers() public {
        address[] memory deployed = new address[](4);
        for (uint256 place; place < 4; ++place) {
            deployed[place] = deploy(place);
        }
        IAssetRegistry newRegistry = IAssetRegistry(deployed[1]);
        IRevenueLedger newLedger = IRevenueLedger(deployed[2]);
        IAccessMarket newMarket = IAccessMarket(deployed[3]);
        assertEq(newLedger.market(), deployed[3], "the ledger's market");
        assertEq(newRegistry.feeBps(), FEE_BPS + 1, "fee");
        assertTrue(newLedger.isTokenAllowed(address(token)), "the first token");
        assertEq(newLedger.treasury(), treasury, "treasury");
        assertEq(newLedger.arbiter(), address(0), "nobody sets liens yet");
        assertEq(newMarket.guardian(), guardian, "guardian");

        vm.prank(deployed[0]);
        newRegistry.setFee(7);
        vm.prank(deployed[0]);
        newLedger.setArbiter(relayer);
        vm.prank(deployed[0]);
        newMarket.setGuardian(relayer);

        // The registry lists in that market, which asks that ledger; the royalty goes to that ledger's till.
        IAccessMarket.OfferTerms[] memory offers = new IAccessMarket.OfferTerms[](1);
        (offers[0].token, offers[0].price) = (address(token), 5);
        vm.prank(ada);
        uint256 asset = newRegistry.publishAndList(IAssetRegistry.Kind.Model, publication(list(), 100, 0, 0), offers);
        (address till,) = newRegistry.royaltyInfo(asset, 1);
        assertEq(till, newLedger.tillOf(asset), "till");

        // The market sells by that ledger's allowance.
        token.mint(buyer, 5);
        vm.prank(buyer);
        token.approve(address(newLedger), 5);
        IAccessMarket.Purchase memory purchase;
        (purchase.offerId, purchase.version, purchase.quantity, purchase.amountMax) = (asset << 16, asset, 1, 5);
        vm.prank(buyer);
        newMarket.buy(purchase);
        (uint256 sales,,,) = newLedger.accountOf(asset, address(token));
        assertEq(sales, 5, "sales");
    }

    function test_TheDeployerHasNoRight() public {
        for (uint256 place; place < 4; ++place) {
            deploy(place);
        }
        IAssetRegistry newRegistry = IAssetRegistry(LibRLP.computeAddress(address(deployer), 2));
        address[3] memory makers = [address(deployer), address(this), CREATE2_PROXY];
        for (uint256 i; i < 3; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.AssetRegistry_NotGovernor.selector, makers[i]));
            vm.prank(makers[i]);
            newRegistry.setFee(0);
        }
    }
}
